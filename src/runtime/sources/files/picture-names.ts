/** The endings of pictures that are decoded. */
const decoded = ['jpg', 'jpeg', 'jfif', 'png', 'webp', 'gif', 'tif', 'tiff', 'avif'] as const

/** Those of pictures that are not: they count as samples that cannot be read, since a folder is not silently half read. */
const others = ['bmp', 'ppm', 'pgm', 'pbm', 'pnm', 'heic', 'heif', 'jxl', 'jp2', 'psd', 'tga', 'dng'] as const

const ending = new RegExp(`\\.(${[...decoded, ...others].join('|')})$`, 'i')

export const isPictureName = (name: string): boolean => ending.test(name)

/** `cat.jpg` is `cat`. */
export const withoutEnding = (name: string): string => name.replace(ending, '')
