/** What all pages are made with: for whom, in which language, and how they are sent. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { cookieOf, type Guard } from '../access/index.js';
import { Assets } from './assets.js';
import { Format } from './format.js';
import type { Html } from './html.js';
import { isLanguage, preferredLanguage } from './language.js';
import { TEXTS } from './texts.js';
import type { View } from './view.js';

export const LANGUAGE_COOKIE = 'receiptd_language';

export class Pages {
  readonly guard: Guard;
  readonly assets = new Assets();
  /** Whether phone numbers are shown in full. */
  readonly unmask: boolean;

  constructor(guard: Guard, unmask: boolean) {
    this.guard = guard;
    this.unmask = unmask;
  }

  viewOf(request: FastifyRequest): View {
    const chosen = cookieOf(request, LANGUAGE_COOKIE);
    const language = isLanguage(chosen) ? chosen : preferredLanguage(request.headers['accept-language']);
    const { visitor } = request;
    return {
      language,
      texts: TEXTS[language],
      format: new Format(language),
      ...(visitor !== undefined && { role: visitor.role }),
      canLogOut: visitor?.cookie !== undefined,
      unmask: this.unmask,
    };
  }
}

export function sendPage(reply: FastifyReply, page: Html): FastifyReply {
  return reply.type('text/html; charset=utf-8').send(page.text);
}

/** Where to go next, if it is here: a link that was made elsewhere must not lead elsewhere. */
export function ownPath(path: string): string {
  const here = 'http://here';
  if (!path.startsWith('/') || !URL.canParse(path, here)) return '/';
  const { origin, pathname, search } = new URL(path, here);
  return origin === here && !pathname.startsWith('//') ? `${pathname}${search}` : '/';
}
