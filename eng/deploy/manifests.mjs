// Kubernetes manifests: their schemas, names that do not exist, and what must fit together.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const here = dirname(fileURLToPath(import.meta.url));
const moduleOf = (apiVersion) => (apiVersion.startsWith('keda.sh/') ? `@kubernetes-models/keda/${apiVersion}` : `kubernetes-models/${apiVersion}`);

export async function checkManifests(documents, folder, fault) {
  const all = [...documents].filter(([file]) => file.startsWith('kubernetes/'))
    .flatMap(([file, parsed]) => parsed.map((manifest) => ({ file, manifest })));
  const typed = all.filter(({ manifest }) => manifest.kind !== 'Kustomization');
  for (const { file, manifest } of typed) await checkSchema(file, manifest, fault);
  checkNames(typed, fault);

  const objects = typed.map(({ manifest }) => manifest);
  for (const { file, manifest } of typed) {
    const report = (text) => fault(file, `${manifest.kind} ${manifest.metadata.name}: ${text}`);
    if (['Deployment', 'StatefulSet'].includes(manifest.kind)) checkPods(manifest, objects, report);
    if (manifest.kind === 'Service') checkService(manifest, objects, report);
    const target = manifest.spec?.scaleTargetRef;
    if (target && !objects.some((o) => o.kind === (target.kind ?? 'Deployment') && o.metadata.name === target.name)) report(`there is no ${target.name} to scale`);
    const selector = manifest.spec?.podSelector ?? (manifest.kind === 'PodDisruptionBudget' ? manifest.spec.selector : null);
    if (selector && !podsOf(objects, selector.matchLabels).length) report('it selects no pods');
  }

  for (const { file, manifest } of all.filter(({ manifest }) => manifest.kind === 'Kustomization')) {
    for (const resource of manifest.resources) if (!documents.has(`kubernetes/${resource}`)) fault(file, `there is no ${resource}`);
  }
}

async function checkSchema(file, manifest, fault) {
  try {
    const models = await import(moduleOf(manifest.apiVersion));
    new models[manifest.kind](manifest).validate();
  } catch (error) {
    fault(file, `${manifest.kind}: ${error.message}`);
  }
}

// The schemas let unknown names pass, as an API server would drop them. The compiler does not: each manifest is a literal of its type.
function checkNames(typed, fault) {
  const made = mkdtempSync(join(here, 'node_modules', '.manifests-'));
  try {
    const files = typed.map(({ manifest }, i) => {
      const name = join(made, `${i}.ts`);
      writeFileSync(name, `import type { I${manifest.kind} } from '${moduleOf(manifest.apiVersion)}';\nexport const manifest: I${manifest.kind} = ${JSON.stringify(manifest, null, 1)};\n`);
      return name;
    });
    const program = ts.createProgram(files, { noEmit: true, strict: true, skipLibCheck: true, types: [], module: ts.ModuleKind.NodeNext, moduleResolution: ts.ModuleResolutionKind.NodeNext });
    for (const problem of ts.getPreEmitDiagnostics(program)) {
      const index = files.indexOf(problem.file?.fileName);
      fault(index < 0 ? 'kubernetes' : typed[index].file, ts.flattenDiagnosticMessageText(problem.messageText, ' '));
    }
  } finally {
    rmSync(made, { recursive: true });
  }
}

function podsOf(objects, labels) {
  return objects.filter((o) => o.spec?.template && Object.entries(labels).every(([key, value]) => o.spec.template.metadata.labels[key] === value));
}

function checkPods(manifest, objects, report) {
  const { template, selector } = manifest.spec;
  if (!podsOf([manifest], selector.matchLabels).length) report('its selector does not select its own pods');
  const pod = template.spec;
  if (!pod.securityContext?.runAsNonRoot || !pod.securityContext.seccompProfile) report('a pod must not run as root, and with a seccomp profile');
  for (const container of pod.containers) {
    const rights = container.securityContext ?? {};
    if (!rights.readOnlyRootFilesystem || rights.allowPrivilegeEscalation !== false || !rights.capabilities?.drop?.includes('ALL')) report('its container has rights that it does not need');
    const ports = (container.ports ?? []).map((port) => port.name);
    for (const probe of ['startupProbe', 'readinessProbe', 'livenessProbe']) {
      const port = container[probe]?.httpGet?.port ?? container[probe]?.tcpSocket?.port;
      if (port && !ports.includes(port)) report(`its ${probe} asks the port ${port}, which it does not have`);
    }
    const volumes = [...(pod.volumes ?? []).map((v) => v.name), ...(manifest.spec.volumeClaimTemplates ?? []).map((v) => v.metadata.name)];
    for (const mount of container.volumeMounts ?? []) if (!volumes.includes(mount.name)) report(`there is no volume ${mount.name}`);
    for (const { name, valueFrom } of container.env ?? []) {
      const ref = valueFrom?.secretKeyRef;
      const secret = objects.find((o) => o.kind === 'Secret' && o.metadata.name === ref?.name);
      if (ref && !(ref.key in (secret?.stringData ?? {}))) report(`${name}: secrets.example.yaml has no ${ref.key} in ${ref.name}`);
    }
  }
  for (const volume of pod.volumes ?? []) {
    const name = volume.secret?.secretName;
    if (name && !objects.some((o) => o.kind === 'Secret' && o.metadata.name === name)) report(`secrets.example.yaml has no Secret ${name}`);
  }
  if (manifest.kind === 'StatefulSet' && !objects.some((o) => o.kind === 'Service' && o.metadata.name === manifest.spec.serviceName)) report('there is no Service of its name');
}

function checkService(service, objects, report) {
  const pods = podsOf(objects, service.spec.selector);
  if (!pods.length) report('it selects no pods');
  for (const port of service.spec.ports) {
    const has = pods.every((pod) => pod.spec.template.spec.containers.some((c) => c.ports?.some((p) => p.name === port.targetPort)));
    if (!has) report(`its pods have no port ${port.targetPort}`);
  }
}
