declare module '@loam/react/ui.css'
