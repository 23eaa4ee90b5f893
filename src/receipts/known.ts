/** What TypeScript shows of a receipt: the fields that are documented, and no others. */

/**
 * T without index signatures, at every depth. Schemas are loose, so what they infer would allow any field name; with
 * this an unknown one does not compile. Fields keep their docstrings.
 */
export type Known<T> = T extends readonly (infer Element)[]
  ? Known<Element>[]
  : T extends object
    ? { [Key in keyof T as string extends Key ? never : number extends Key ? never : Key]: Known<T[Key]> }
    : T;
