# /// script
# requires-python = ">=3.10"
# dependencies = ["protobuf==7.36.2", "sentencepiece==0.2.3", "tokenizers==0.23.3", "torch==2.15.0", "transformers==5.24.0"]
# ///
"""Tokenizers of small vocabularies trained here, saved as model directories have them, and the ids that transformers
gives for texts, padded and cut as diffusers and the SigLIP processor do."""

import base64
import io
import json
import tempfile
from pathlib import Path

import sentencepiece
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
    "ΟΔΟΣ ΣΑΣ ΣΟΦΟΣ.", "İstanbul ǅ ẞ", "a  <new>  dog, a<Small>cat", "<NEW> <small><blue> red<pad> sea </s> two</s>", "▁a ▁ dog </s>",
    "ＤＯＧ ﬁve １２ \u3000 cats\u00a0at\u2003night",
]


def ids_of(tokenizer, length):
    return [tokenizer(text, padding="max_length", truncation=True, max_length=length).input_ids for text in TEXTS]


def files_of(folder):
    """Texts; what is none stands in base64."""
    def content(path):
        data = path.read_bytes()
        return base64.b64encode(data).decode() if path.suffix == ".model" else data.decode()

    return {path.name: content(path) for path in sorted(Path(folder).iterdir())}


def with_files(files, changes, length):
    """What transformers makes of a directory with other settings beside the vocabulary."""
    with tempfile.TemporaryDirectory() as folder:
        for name, text in files.items():
            (Path(folder) / name).write_bytes(base64.b64decode(text) if name.endswith(".model") else text.encode())
        for name, change in changes.items():
            path = Path(folder) / name
            path.write_text(json.dumps({**(json.loads(path.read_text()) if path.exists() else {}), **change}))
        tokenizer = AutoTokenizer.from_pretrained(folder)
        return {"files": files_of(folder), "ids": ids_of(tokenizer, length), "length": length}


def token(content, **flags):
    return {"content": content, "lstrip": False, "rstrip": False, "normalized": False, "single_word": False, "special": False, **flags}


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


RULES = {"Ａ": "a", "Ｄ": "d", "Ｏ": "o", "Ｇ": "g", "ﬁ": "fi", "１": "1", "２": "2", "\u3000": " ", "\u00a0": " ", "\u2003": " ", "é": "e", "e\u0301": "e", "\u200b": ""}


def siglip():
    """A sentencepiece model with rules of its own, as SigLIP's directories have it."""
    with tempfile.TemporaryDirectory() as folder:
        rules = Path(folder) / "rules.tsv"
        lines = (" ".join(f"{ord(c):X}" for c in a) + "\t" + " ".join(f"{ord(c):X}" for c in b) for a, b in RULES.items())
        rules.write_text("".join(f"{line}\n" for line in lines))
        model = io.BytesIO()
        sentencepiece.SentencePieceTrainer.train(
            sentence_iterator=iter(CORPUS), model_writer=model, vocab_size=130, model_type="unigram", pad_id=0, eos_id=1, unk_id=2,
            bos_id=-1, hard_vocab_limit=False, normalization_rule_tsv=str(rules), minloglevel=2,
        )
    settings = {
        "tokenizer_class": "SiglipTokenizer", "do_lower_case": True, "eos_token": "</s>", "pad_token": "</s>", "unk_token": "<unk>",
        "model_max_length": 12, "sp_model_kwargs": {},
    }
    return {"spiece.model": base64.b64encode(model.getvalue()).decode(), "tokenizer_config.json": json.dumps(settings)}


def main():
    first = clip("<|endoftext|>")
    whole = unigram()
    sentences = siglip()
    count = sentencepiece.SentencePieceProcessor(model_proto=base64.b64decode(sentences["spiece.model"])).get_piece_size()
    new = {"603": token("<new>", lstrip=True, rstrip=True), "604": token("<small>", normalized=True), "605": token("<blue>", special=True)}
    write("tokenizers", {
        "texts": TEXTS,
        "clip_1": first,
        "clip_decoder": with_files(first["files"], {
            "tokenizer_config.json": {"added_tokens_decoder": new, "additional_special_tokens": ["<blue>", "<pad>"]},
            "added_tokens.json": {"never": 603}, "special_tokens_map.json": {"pad_token": "dog</w>"},
        }, 16),
        "clip_added": with_files(first["files"], {"added_tokens.json": {"<new>": 603, "<small>": 604}}, 16),
        "clip_map": with_files(first["files"], {
            "special_tokens_map.json": {"pad_token": "!", "additional_special_tokens": ["<pad>"]},
        }, 16),
        "clip_json_added": with_files(first["fast"], {
            "tokenizer_config.json": {"added_tokens_decoder": new}, "special_tokens_map.json": {"pad_token": "!"},
        }, 16),
        "unigram_added": with_files(whole["files"], {"added_tokens.json": {"<new>": 59}, "special_tokens_map.json": {"pad_token": "<pad>"}}, 12),
        "siglip": with_files(sentences, {}, 12),
        "siglip_both": with_files({**sentences, "tokenizer.json": whole["files"]["tokenizer.json"]}, {}, 12),
        "siglip_config": with_files({"spiece.model": sentences["spiece.model"]}, {
            "config.json": {"model_type": "siglip"}, "tokenizer_config.json": {"model_max_length": 12, "do_lower_case": False},
        }, 12),
        "siglip_added": with_files(sentences, {
            "tokenizer_config.json": {"added_tokens_decoder": {
                "1": token("</s>", lstrip=True, rstrip=True, special=True), "2": token("<unk>", lstrip=True, rstrip=True, special=True),
                str(count): token("<new>"), str(count + 1): token("<blue>", rstrip=True, special=True),
            }},
        }, 12),
        "clip_2": clip("!"),
        "clip_windows": clip("<|endoftext|>", "\r\n"),
        "unigram": whole,
        "wordpiece": wordpiece(),
    })


if __name__ == "__main__":
    main()
