/**
 * `recycle-child.ts KUBECONFIG NAMESPACE IMAGE UNIT`: makes a unit ready for another clone, as whoever keeps a pool does, in a process of its own that
 * a test can kill.
 */
import { createKubernetesRuntime } from '../../src/runtime/kubernetes/runtime.ts';
import { workContext } from './work.ts';

const [kubeconfig = '', namespace = '', image = '', unit = ''] = process.argv.slice(2);
const deps = { ...workContext(), version: '0.1.0', insideCluster: false, host: 'child', kubeconfig };
const runtime = await createKubernetesRuntime({ namespace, image }, deps);
await runtime.units.recycle?.(unit, workContext());
await runtime.close?.();
