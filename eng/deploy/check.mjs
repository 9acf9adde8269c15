// Checks deploy/ without a container engine or a cluster; ../deploy-check.sh runs it. Its argument is the folder deploy/.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { validate as validateDockerfile } from 'dockerfile-utils/lib/main.js';
import { parser as promql } from '@prometheus-io/lezer-promql';
import { checkManifests } from './manifests.mjs';

const folder = process.argv[2];
const faults = [];
const read = (file) => readFileSync(join(folder, file), 'utf8');
const fault = (file, text) => faults.push(`deploy/${file}: ${text}`);

// Every YAML file is good YAML, without a key twice or an alias to nothing.
const documents = new Map();
for (const file of readdirSync(folder, { recursive: true }).map(String).sort()) {
  if (!/\.ya?ml$/.test(file) || file.startsWith('secrets/')) continue;
  const parsed = parseAllDocuments(read(file), { strict: true, uniqueKeys: true, merge: true });
  for (const problem of parsed.flatMap((document) => [...document.errors, ...document.warnings])) fault(file, problem.message);
  documents.set(file, parsed.map((document) => document.toJS()));
}

checkDockerfile('Dockerfile');
await checkManifests(documents, folder, fault);
for (const [file, parsed] of documents) {
  for (const document of parsed) for (const query of queriesIn(document)) checkQuery(file, query);
}

if (faults.length > 0) {
  console.error(faults.join('\n'));
  process.exit(1);
}
console.log(`deploy: ${documents.size} YAML files and the Dockerfile are clean`);

function checkDockerfile(file) {
  const text = read(file);
  for (const problem of validateDockerfile(text)) fault(file, `line ${problem.range.start.line + 1}: ${problem.message}`);
  const lines = text.replace(/\\\n/g, ' ').split('\n').filter((line) => line && !line.startsWith('#'));
  const final = lines.slice(lines.findLastIndex((line) => line.startsWith('FROM ')));
  const user = final.findLast((line) => line.startsWith('USER '))?.split(/\s+/)[1];
  if (!user || !/^[1-9]\d*(:[1-9]\d*)?$/.test(user)) fault(file, `the final image must run as a numeric user who is not root, not '${user}'`);
  if (!final.some((line) => line.startsWith('HEALTHCHECK '))) fault(file, 'the final image has no HEALTHCHECK');

  // What is copied from the context must be there, and .dockerignore must let it in.
  const root = dirname(folder);
  const allowed = readFileSync(join(root, '.dockerignore'), 'utf8').split('\n').filter((line) => line.startsWith('!')).map((line) => line.slice(1));
  for (const line of lines.filter((line) => /^(COPY|ADD) /.test(line))) {
    const words = line.split(/\s+/).slice(1);
    if (line.startsWith('ADD ')) fault(file, 'ADD fetches and unpacks by itself; use COPY');
    if (words.some((word) => word.startsWith('--from='))) continue;
    for (const source of words.filter((word) => !word.startsWith('--')).slice(0, -1)) {
      if (!existsSync(join(root, source))) fault(file, `${source} is not there`);
      if (!allowed.some((name) => source === name || source.startsWith(`${name}/`))) fault(file, `.dockerignore keeps ${source} out`);
    }
  }
}

function* queriesIn(value) {
  if (Array.isArray(value)) for (const item of value) yield* queriesIn(item);
  else if (value && typeof value === 'object') {
    for (const [key, inner] of Object.entries(value)) {
      if ((key === 'query' || key === 'expr') && typeof inner === 'string') yield inner;
      else yield* queriesIn(inner);
    }
  }
}

function checkQuery(file, query) {
  promql.parse(query).iterate({
    enter: (node) => {
      if (node.type.isError) fault(file, `'${query}' is no PromQL, at character ${node.from + 1}`);
    },
  });
}
