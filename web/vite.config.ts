import react from '@vitejs/plugin-react'
import { defineConfig } from 'vitest/config'
import { precompress } from './precompress.ts'

const server = process.env.ANNALS_URL ?? 'http://127.0.0.1:7070'
const key = process.env.ANNALS_KEY
const proxied = { target: server, headers: key ? { Authorization: `Bearer ${key}` } : {} }

export default defineConfig({
  plugins: [react(), precompress()],
  server: { host: '127.0.0.1', port: Number(process.env.PORT ?? 5173), proxy: { '/v1': proxied, '/log': proxied } },
  // Everything is its own file: the content security policy allows neither data: scripts nor data: fonts.
  build: { target: 'es2022', assetsInlineLimit: 0, modulePreload: { polyfill: false }, chunkSizeWarningLimit: 900 },
  test: { environment: 'node', include: ['src/**/*.test.ts'] },
})
