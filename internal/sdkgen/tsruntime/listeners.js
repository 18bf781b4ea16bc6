/** Nobody yet. */
export function createListeners() {
    const all = new Set();
    return {
        on: (listener) => {
            all.add(listener);
            return () => void all.delete(listener);
        },
        tell: (value) => {
            for (const listener of all) {
                try {
                    listener(value);
                }
                catch (err) {
                    queueMicrotask(() => {
                        throw err; // the page hears of its mistake, and the others of what happened
                    });
                }
            }
        },
    };
}
