import { DEFAULT_THEME, convertCssVariables, defaultCssVariablesResolver, mergeMantineTheme } from '@mantine/core'
import { theme } from './theme'

/** Mantine's variables for our theme as a style sheet; checked in as `variables.css`. */
export function variablesCss(): string {
  const merged = mergeMantineTheme(DEFAULT_THEME, theme)
  const css = convertCssVariables(defaultCssVariablesResolver(merged), ':root')
  const lines = css.replaceAll('{', ' {\n  ').replaceAll(/;(?!\n)/g, ';\n  ').replaceAll(/\s*\}/g, '\n}\n')
  return `/* Made by npm run theme from theme.ts. */\n${lines}`
}
