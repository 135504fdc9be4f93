import { type MantineColorsTuple, createTheme } from '@mantine/core'

/** The one accent: what can be acted on. */
const accent: MantineColorsTuple = [
  '#e8f6f4',
  '#d0ebe8',
  '#a2d8d2',
  '#72c4bb',
  '#4fb3a9',
  '#35a297',
  '#1f8b81',
  '#12766d',
  '#0b635c',
  '#06504a',
]

/**
 * Mantine's side of the look. Its variables are written to `variables.css` when this file changes
 * (`npm run theme`), because the content security policy allows no style made at run time.
 */
export const theme = createTheme({
  primaryColor: 'accent',
  primaryShade: { light: 8, dark: 7 },
  autoContrast: true,
  colors: { accent },
  fontFamily: "'Inter Variable', system-ui, sans-serif",
  fontFamilyMonospace: "'JetBrains Mono Variable', ui-monospace, monospace",
  fontSizes: { xs: '12px', sm: '13px', md: '14px', lg: '16px', xl: '20px' },
  headings: {
    fontFamily: "'Inter Variable', system-ui, sans-serif",
    fontWeight: '600',
    sizes: {
      h1: { fontSize: '20px', lineHeight: '28px' },
      h2: { fontSize: '16px', lineHeight: '24px' },
      h3: { fontSize: '14px', lineHeight: '20px' },
    },
  },
  defaultRadius: '4px',
  cursorType: 'pointer',
  respectReducedMotion: true,
  components: {
    Button: { defaultProps: { size: 'xs' } },
    ActionIcon: { defaultProps: { size: 'md', variant: 'subtle' } },
    TextInput: { defaultProps: { size: 'sm' } },
    PasswordInput: { defaultProps: { size: 'sm' } },
    Select: { defaultProps: { size: 'sm' } },
    // Locking the page's scroll would need a style element.
    Modal: { defaultProps: { lockScroll: false, transitionProps: { duration: 100 } } },
    Tooltip: { defaultProps: { openDelay: 200, withArrow: false, events: { hover: true, focus: true, touch: false } } },
    Menu: { defaultProps: { transitionProps: { duration: 80 } } },
    Popover: { defaultProps: { transitionProps: { duration: 80 } } },
  },
})
