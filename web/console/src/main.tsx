import './styles/tokens.css'
import './styles/base.css'
import './styles/ui.css'
import './styles/shell.css'
import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { RouterProvider } from '@tanstack/react-router'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { Problem } from './api/request'
import { makeRouter } from './routes'
import { ProofDialog } from './shell/proof-dialog'
import { applyTheme } from './shell/theme'
import { TipProvider } from './ui/tip'
import { Toasts } from './ui/toast'

applyTheme()

const queries = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 5000,
      retry: (failures, err) => failures < 2 && err instanceof Problem && (err.status === 0 || err.status >= 500),
    },
  },
})

createRoot(document.querySelector('#root')!).render(
  <StrictMode>
    <QueryClientProvider client={queries}>
      <TipProvider>
        <RouterProvider router={makeRouter(queries)} />
        <ProofDialog />
        <Toasts />
      </TipProvider>
    </QueryClientProvider>
  </StrictMode>,
)
