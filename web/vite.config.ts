import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

const api = process.env.DROVER_URL ?? 'http://127.0.0.1:8080';

export default defineConfig({
  // Relative: the server completes the page's addresses by the prefix below which it stands.
  base: './',
  plugins: [react()],
  resolve: { alias: { '@': new URL('./src', import.meta.url).pathname } },
  build: { target: 'es2022', assetsInlineLimit: 0, chunkSizeWarningLimit: 700, modulePreload: { polyfill: false }, manifest: true },
  server: { proxy: { '/api': { target: api, ws: true }, '/openapi': api, '/health': api } },
  test: { environment: 'happy-dom', include: ['src/**/*.test.{ts,tsx}'] },
} as never);
