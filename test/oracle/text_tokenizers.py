# /// script
# requires-python = ">=3.10"
# dependencies = ["tokenizers==0.23.3", "transformers==5.24.0"]
# ///
"""Tokenizers of small vocabularies trained here, saved as model directories have them, and the ids that transformers
gives for texts, padded and cut as diffusers and the SigLIP processor do."""

import json
import tempfile
from pathlib import Path

from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers
from transformers import AutoTokenizer, CLIPTokenizer

from fixture import write

CORPUS = [
    "a photo of a dog", "a photo of a small cat", "two dogs and three cats", "the colour of the sea at night",
    "an astronaut riding a horse on the moon", "naïve café, 100 % real: it's what we'd like!", "写真 of 東京 at dawn",
] * 4
TEXTS = [
    "", " ", "a photo of a .", "A Photo\n of\ta DOG", "it's 2026, we'd say: don't!", "naïve café 😀", "東京 東京",
    "<|startoftext|> a dog <|endoftext|> cats", "x" * 60, "two dogs and three cats " * 6, "e\u0301tude", "a.b,c;d -- e_f",
    "ΟΔΟΣ ΣΑΣ ΣΟΦΟΣ.", "İstanbul ǅ ẞ",
]


def ids_of(tokenizer, length):
    return [tokenizer(text, padding="max_length", truncation=True, max_length=length).input_ids for text in TEXTS]


def files_of(folder):
    return {path.name: path.read_bytes().decode() for path in sorted(Path(folder).iterdir())}


def clip(pad, newline="\n"):
    """A byte-level BPE in CLIP's form, as vocab.json and merges.txt and as tokenizer.json."""
    bpe = Tokenizer(models.BPE(end_of_word_suffix="</w>", continuing_subword_prefix=""))
    bpe.normalizer = normalizers.Sequence([normalizers.NFC(), normalizers.Lowercase()])
    bpe.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.Whitespace(), pre_tokenizers.ByteLevel(add_prefix_space=False)])
    letters = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=640, end_of_word_suffix="</w>", initial_alphabet=sorted(letters), show_progress=False)
    bpe.train_from_iterator(CORPUS, trainer)
    model = json.loads(bpe.to_str())["model"]
    tokens = sorted(letters) + [f"{letter}</w>" for letter in sorted(letters)]
    merges = [merge for merge in (tuple(m) if isinstance(m, list) else tuple(m.split(" ")) for m in model["merges"])]
    tokens += [a + b for a, b in merges if a + b not in tokens]
    vocabulary = {token: k for k, token in enumerate(dict.fromkeys(["!", *tokens, "<|startoftext|>", "<|endoftext|>"]))}
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "vocab.json").write_text(json.dumps(vocabulary, ensure_ascii=False))
        lines = ["#version: 0.2", *(f"{a} {b}" for a, b in merges)]
        (Path(folder) / "merges.txt").write_bytes("".join(line + newline for line in lines).encode())
        settings = {
            "tokenizer_class": "CLIPTokenizer", "bos_token": "<|startoftext|>", "eos_token": "<|endoftext|>",
            "unk_token": "<|endoftext|>", "pad_token": pad, "model_max_length": 16,
        }
        (Path(folder) / "tokenizer_config.json").write_text(json.dumps(settings))
        slow = files_of(folder)
        tokenizer = CLIPTokenizer.from_pretrained(folder)
        with tempfile.TemporaryDirectory() as other:
            tokenizer.save_pretrained(other)
            fast = files_of(other)
    return {"files": slow, "fast": fast, "ids": ids_of(tokenizer, 16), "length": 16}


def unigram():
    """A sentencepiece model in the form of SigLIP's tokenizer.json: lower case, an end token, padded with it."""
    sentencepiece = Tokenizer(models.Unigram())
    sentencepiece.normalizer = normalizers.Sequence([normalizers.NFKC(), normalizers.Lowercase()])
    sentencepiece.pre_tokenizer = pre_tokenizers.Metaspace(replacement="▁", prepend_scheme="always")
    sentencepiece.decoder = decoders.Metaspace(replacement="▁", prepend_scheme="always")
    trainer = trainers.UnigramTrainer(vocab_size=120, special_tokens=["<pad>", "</s>", "<unk>"], unk_token="<unk>", show_progress=False)
    sentencepiece.train_from_iterator(CORPUS, trainer)
    sentencepiece.post_processor = processors.TemplateProcessing(single="$A </s>", special_tokens=[("</s>", 1)])
    with tempfile.TemporaryDirectory() as folder:
        sentencepiece.save(str(Path(folder) / "tokenizer.json"))
        settings = {
            "tokenizer_class": "PreTrainedTokenizerFast", "eos_token": "</s>", "pad_token": {"__type": "AddedToken", "content": "</s>", "lstrip": False, "rstrip": False, "normalized": True},
            "unk_token": "<unk>", "model_max_length": 12,
        }
        (Path(folder) / "tokenizer_config.json").write_text(json.dumps(settings))
        tokenizer = AutoTokenizer.from_pretrained(folder)
        return {"files": files_of(folder), "ids": ids_of(tokenizer, 12), "length": 12}


def wordpiece():
    """BERT's: its normalizer lowers letters and takes accents off."""
    bert = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    bert.normalizer = normalizers.BertNormalizer(lowercase=True, strip_accents=False)
    bert.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    trainer = trainers.WordPieceTrainer(vocab_size=200, special_tokens=["[PAD]", "[UNK]", "[CLS]", "[SEP]"], show_progress=False)
    bert.train_from_iterator([*CORPUS, *["οδοσ οδος σασ σας"] * 4], trainer)
    bert.post_processor = processors.TemplateProcessing(single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)])
    with tempfile.TemporaryDirectory() as folder:
        bert.save(str(Path(folder) / "tokenizer.json"))
        settings = {"tokenizer_class": "PreTrainedTokenizerFast", "pad_token": "[PAD]", "unk_token": "[UNK]", "model_max_length": 20}
        (Path(folder) / "tokenizer_config.json").write_text(json.dumps(settings))
        tokenizer = AutoTokenizer.from_pretrained(folder)
        return {"files": files_of(folder), "ids": ids_of(tokenizer, 20), "length": 20}


def main():
    write("tokenizers", {
        "texts": TEXTS,
        "clip_1": clip("<|endoftext|>"),
        "clip_2": clip("!"),
        "clip_windows": clip("<|endoftext|>", "\r\n"),
        "unigram": unigram(),
        "wordpiece": wordpiece(),
    })


if __name__ == "__main__":
    main()
