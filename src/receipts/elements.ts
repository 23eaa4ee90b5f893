/** The source text of each element of a JSON list, so that a receipt in a list keeps its digits as published. */

/** What takes part in the structure of a valid JSON text; a string is one piece. */
const PIECE = /"[^"\\]*(?:\\.[^"\\]*)*"|[[\]{},]/g;

/** @param list a valid JSON text that is a list */
export function elementsOf(list: string): string[] {
  const elements: string[] = [];
  let depth = 0;
  let start = 0;
  for (const { 0: piece, index } of list.matchAll(PIECE)) {
    if (piece === '[' || piece === '{') {
      depth += 1;
      if (depth === 1) start = index + 1;
    } else if (piece === ']' || piece === '}') {
      depth -= 1;
      if (depth === 0) elements.push(list.slice(start, index).trim());
    } else if (piece === ',' && depth === 1) {
      elements.push(list.slice(start, index).trim());
      start = index + 1;
    }
  }
  return elements.length === 1 && elements[0] === '' ? [] : elements;
}
