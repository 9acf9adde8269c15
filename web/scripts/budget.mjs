// Fails the build when the first page needs more than 250 KB compressed: index.html, what it loads, and all that follows statically.
import { existsSync, readFileSync, statSync } from 'node:fs';

const limit = 250 * 1024;
const seen = new Map();
const size = (file) => statSync(existsSync(`${file}.br`) ? `${file}.br` : file).size;

function visit(file) {
  if (seen.has(file) || !existsSync(file)) return;
  seen.set(file, size(file));
  if (!file.endsWith('.js')) return;
  // What a chunk imports statically stands in its import and export statements; `import(` is for later.
  for (const match of readFileSync(file, 'utf8').matchAll(/(?:from|import)\s*["']\.\/([^"']+\.js)["']/g)) visit(`dist/assets/${match[1]}`);
}

visit('dist/index.html');
for (const match of readFileSync('dist/index.html', 'utf8').matchAll(/(?:src|href)="\.\/([^"]+)"/g)) visit(`dist/${match[1]}`);
// The page itself (overview) and the two fonts it shows come with the first load.
const manifest = JSON.parse(readFileSync('dist/.vite/manifest.json', 'utf8'));
for (const [source, chunk] of Object.entries(manifest)) {
  if (/pages\/overview\/OverviewPage/.test(source)) {
    visit(`dist/${chunk.file}`);
    for (const css of chunk.css ?? []) visit(`dist/${css}`);
  }
  if (/(inter-latin-wght|jetbrains-mono-latin-400)-normal\.woff2$/.test(source)) visit(`dist/${chunk.file}`);
}

const total = [...seen.values()].reduce((sum, bytes) => sum + bytes, 0);
if (total > limit || process.argv.includes('--list'))
  for (const [file, bytes] of [...seen].sort((a, b) => b[1] - a[1])) console.log(`${(bytes / 1024).toFixed(1).padStart(8)} KB  ${file}`);
console.log(`The dashboard's first load: ${(total / 1024).toFixed(1)} KB of ${limit / 1024} KB`);
if (total > limit) {
  console.error('The first load is too heavy.');
  process.exit(1);
}
