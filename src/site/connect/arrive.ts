import { parseAddress } from './address.ts';
import { type Front, openFront } from './recognise/front.ts';
import type { ConnectDeps, ConnectRequest } from './types.ts';
import { openSession, type Session } from './visit/session.ts';

/** A session with a site whose front page has been asked for. Whoever has it closes it. */
export interface Arrived {
  readonly session: Session;
  readonly front: Promise<Front>;
}

/** Comes to the site as a visitor. What reads its pages is not needed here, so that it can be loaded while the site makes the first one. */
export function arrive(request: ConnectRequest, deps: ConnectDeps): Arrived {
  const { insecureTls, httpAuth } = request;
  const session = openSession(
    {
      insecureTls,
      httpAuth,
      reach: deps.reach,
      passWall: async (url, jar) => {
        deps.progress?.({}, 'something in front of the site wants to see a browser');
        const { passWall } = await import('./browser/wall.ts');
        return passWall(url, { insecureTls, httpAuth, jar, home: url }, deps);
      },
    },
    deps,
  );
  const front = openFront(parseAddress(request.url), session);
  // It fails where it is waited for.
  front.catch(() => undefined);
  return { session, front };
}
