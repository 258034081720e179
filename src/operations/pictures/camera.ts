import type { WorkContext } from '../../shared/context.ts';
import { runPipeline } from '../../engine/pipeline.ts';
import { counted } from '../../shared/format.ts';
import type { Camera } from '../rehearse.ts';
import { keepPictures, pagesOf, type PicturedPage, takePictures } from './pictures.ts';

/** Takes pictures of the pages that a rehearsal concerns, before and after, with this machine's Chromium, into a folder. */
export function pictureCamera(folder: string, environment: NodeJS.ProcessEnv): Camera {
  let pages: readonly PicturedPage[] = [];
  let before: Buffer[] = [];
  return {
    before: async ({ clone_url: url }, items, context) => {
      pages = pagesOf(url, items);
      before = await asStep(context, async (work) => {
        const value = await takePictures(pages, { ...work, environment });
        return { value, message: `${counted(value.length, 'page')} before` };
      });
    },
    after: (_, context) =>
      asStep(context, async (work) => {
        const after = await takePictures(pages, { ...work, environment });
        const value = await keepPictures(folder, pages, { before, after }, { ...work, environment });
        const different = value.filter(({ pixels }) => pixels > 0).length;
        return { value, message: `${counted(value.length, 'page')}, ${different} different` };
      }),
  };
}

const asStep = <T>(
  context: WorkContext,
  run: (work: WorkContext) => Promise<{ value: T; message: string }>,
): Promise<T> => runPipeline(context, (pipeline) => pipeline.step('pictures', ({ work }) => run(work)));
