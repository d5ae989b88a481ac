/** What lies where a large file should, behind a download that went another way, and how to get the file itself. */
export interface StandIn {
  readonly what: string
  readonly help: string
}

/** Known by the first bytes of a file; 100 are enough. */
export function standIn(begin: Uint8Array): StandIn | undefined {
  const text = new TextDecoder('latin1').decode(begin.subarray(0, 100)).trimStart()
  if (text.startsWith('version https://git-lfs.github.com/'))
    return {
      what: 'it is a pointer of Git LFS, not the file itself',
      help: 'fetch what it points to: `git lfs pull` in its repository, or download the file',
    }
  if (/^<(?:!doctype\s+html|html)\b/i.test(text))
    return {
      what: 'it is a web page',
      help: 'a download gave the page about the file, or an error, in its place: fetch the file itself',
    }
  return undefined
}
