/**
 * `provision-child.ts KUBECONFIG NAMESPACE IMAGE CLONE JOB`: takes a unit for a clone and makes the clone ready, as a job does, in a process of its
 * own that a test can kill.
 */
import { createKubernetesRuntime } from '../../src/runtime/kubernetes/runtime.ts';
import { makeReady } from './make-ready.ts';
import { workContext } from './work.ts';

const [kubeconfig = '', namespace = '', image = '', id = '', jobId = ''] = process.argv.slice(2);
const context = { ...workContext(), jobId };
const deps = { ...context, version: '0.1.0', insideCluster: false, host: 'child', kubeconfig };
const runtime = await createKubernetesRuntime({ namespace, image }, deps);
await makeReady(runtime, id, context);
await runtime.close?.();
