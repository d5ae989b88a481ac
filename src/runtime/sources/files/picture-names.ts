/** The endings of pictures that sharp decodes. */
const endings = ['jpg', 'jpeg', 'png', 'webp', 'gif', 'tif', 'tiff', 'avif'] as const

const ending = new RegExp(`\\.(${endings.join('|')})$`, 'i')

export const isPictureName = (name: string): boolean => ending.test(name)

/** `cat.jpg` is `cat`. */
export const withoutEnding = (name: string): string => name.replace(ending, '')
