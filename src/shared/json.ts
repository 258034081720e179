/** The value of a JSON text; undefined for what is no JSON, as a text that came from elsewhere may be. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
