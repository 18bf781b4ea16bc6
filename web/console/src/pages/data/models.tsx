export function FirstModel() { return null }
