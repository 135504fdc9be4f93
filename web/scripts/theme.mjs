// Writes src/theme/variables.css: Mantine's variables for our theme, which it would otherwise put
// into a style element at run time.
import { writeFileSync } from 'node:fs'
import { createServer } from 'vite'

const server = await createServer({ configFile: false, server: { middlewareMode: true }, logLevel: 'error' })
const { variablesCss } = await server.ssrLoadModule('/src/theme/variables.ts')
writeFileSync(new URL('../src/theme/variables.css', import.meta.url), variablesCss())
await server.close()
