/** What is wrong with a picture that a person gave, as a sentence with a way out. */
export class PictureError extends Error {}
