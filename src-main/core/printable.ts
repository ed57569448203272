/**
 * Characters that a terminal acts on in place of showing them: controls (but for the line feed), and the marks that
 * turn the direction of what follows. See Unicode TR 36, section 3.
 */
const ACTING = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g

/** Text from anywhere, fit for a terminal: such characters become their code, such as `\u001b`. */
export const printable = (text: string): string => text.replace(ACTING, escaped)

/** A name from outside, fit to stand in a line. */
export const printableName = (name: string): string => printable(name).replaceAll('\n', escaped)

/** JSON that says the same and holds no such character. */
export const printableJson = (value: unknown, indent?: number): string => printable(JSON.stringify(value, null, indent))

const escaped = (character: string): string => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
