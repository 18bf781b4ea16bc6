import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { createClient } from './loam'
import { LoamProvider } from './loam/react'
import { App } from './app'
import './loam/ui.css'
import './style.css'

const queries = new QueryClient()
const client = createClient() // of the server that the page is from: vite.config.ts leads there

createRoot(document.getElementById('app')!).render(
  <StrictMode>
    <QueryClientProvider client={queries}>
      <LoamProvider client={client}>
        <App />
      </LoamProvider>
    </QueryClientProvider>
  </StrictMode>,
)
