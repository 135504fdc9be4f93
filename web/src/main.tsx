import '@fontsource-variable/inter/wght.css'
import '@fontsource-variable/jetbrains-mono/wght.css'
import '@mantine/core/styles.css'
import './theme/variables.css'
import './theme/app.css'
import { MantineProvider } from '@mantine/core'
import { QueryClientProvider } from '@tanstack/react-query'
import { RouterProvider } from '@tanstack/react-router'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { ApiError } from './api/client'
import { queryClient } from './queries'
import { router } from './routes'
import { theme } from './theme/theme'

const root = createRoot(document.getElementById('root')!, {
  // What the server refused stands on the page in words; the console is for faults of this program.
  onCaughtError: (error) => {
    if (!(error instanceof ApiError)) console.error(error)
  },
})
root.render(
  <StrictMode>
    {/* Styles are files: the content security policy allows none made at run time. */}
    <MantineProvider theme={theme} defaultColorScheme="auto" withCssVariables={false} withGlobalClasses={false}>
      <QueryClientProvider client={queryClient}>
        <RouterProvider router={router} />
      </QueryClientProvider>
    </MantineProvider>
  </StrictMode>,
)
