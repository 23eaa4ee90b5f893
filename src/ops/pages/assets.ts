/** The style sheet, the script and the picture of the pages. A change of one changes its address, so it may be kept. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { FastifyInstance } from 'fastify';

const TYPES = {
  'style.css': 'text/css; charset=utf-8',
  'live.js': 'text/javascript; charset=utf-8',
  'icon.svg': 'image/svg+xml',
} as const;

type Name = keyof typeof TYPES;

export class Assets {
  readonly #files = new Map<Name, { content: Buffer; url: string }>();

  url(name: Name): string {
    return this.#file(name).url;
  }

  serve(app: FastifyInstance): void {
    for (const [name, type] of Object.entries(TYPES) as [Name, string][]) {
      app.get(`/assets/${name}`, { config: { access: 'anyone' } }, (_request, reply) =>
        reply
          .type(type)
          .header('cache-control', 'public, max-age=31536000, immutable')
          .send(this.#file(name).content),
      );
    }
  }

  #file(name: Name): { content: Buffer; url: string } {
    let file = this.#files.get(name);
    if (file === undefined) {
      const content = readFileSync(new URL(`./assets/${name}`, import.meta.url));
      const hash = createHash('sha256').update(content).digest('hex').slice(0, 12);
      file = { content, url: `/assets/${name}?v=${hash}` };
      this.#files.set(name, file);
    }
    return file;
  }
}
