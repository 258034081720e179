/** One server-sent event (WHATWG HTML, section 9.2.6). */
export interface ServerSentEvent {
  /** Of this event or the last one that had one; empty when none had. */
  readonly id: string;
  readonly type: string;
  readonly data: string;
}

/** The events of a stream. `heard` is called for every piece that comes, comments too. What is cut off in the middle is dropped. */
export async function* serverSentEvents(
  chunks: AsyncIterable<Uint8Array>,
  heard: () => void,
): AsyncGenerator<ServerSentEvent> {
  const decoder = new TextDecoder();
  let rest = '';
  let id = '';
  let type = '';
  let data: string[] = [];
  for await (const chunk of chunks) {
    heard();
    const text = rest + decoder.decode(chunk, { stream: true });
    // A final CR may be half of a CR LF.
    const lines = text.split(/\r\n|\n|\r(?!$)/);
    rest = lines.pop() ?? '';
    for (const line of lines) {
      if (line === '') {
        if (data.length > 0) yield { id, type: type === '' ? 'message' : type, data: data.join('\n') };
        type = '';
        data = [];
        continue;
      }
      const [, name = '', value = ''] = /^([^:]*)(?:: ?(.*))?$/s.exec(line) ?? [];
      if (name === 'id') id = value;
      if (name === 'event') type = value;
      if (name === 'data') data.push(value);
    }
  }
}
