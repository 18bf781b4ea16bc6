import { jsx as _jsx, jsxs as _jsxs } from "react/jsx-runtime";
// What the components are put together of.
import { useEffect, useId, useRef } from 'react';
import { useTexts } from './texts.js';
/** A card of one thing to do. */
export function Panel({ title, heading: H, focus = false, children }) {
    const box = useRef(null);
    const id = useId();
    useEffect(() => {
        if (!focus)
            return;
        const target = box.current?.querySelector('input:not([type=checkbox])') ?? box.current?.querySelector('[tabindex="-1"]');
        target?.focus();
    }, [focus]);
    return (_jsxs("section", { className: "loam-ui loam-card", ref: box, "aria-labelledby": id, children: [_jsx(H, { className: "loam-title", id: id, tabIndex: -1, children: title }), children] }));
}
/** Something over the page until it is closed. */
export function Dialog({ title, onClose, children }) {
    const t = useTexts();
    const box = useRef(null);
    const id = useId();
    useEffect(() => {
        const back = document.activeElement;
        const dialog = box.current;
        if (dialog && !dialog.open)
            dialog.showModal();
        return () => {
            dialog?.close();
            if (back?.isConnected)
                back.focus();
        };
    }, []);
    return (_jsxs("dialog", { ref: box, className: "loam-ui loam-dialog", "aria-labelledby": id, onCancel: (e) => (e.preventDefault(), onClose()), children: [_jsx("h2", { id: id, className: "loam-subtitle", children: title }), _jsx("button", { type: "button", className: "loam-plain loam-close", "aria-label": t('close'), onClick: onClose, children: "\u00D7" }), children] }));
}
/** The first letter of a name, in its colour. */
export function Tile({ name, color = '', logo = '' }) {
    const own = /^#[0-9a-f]{6}$/i.test(color);
    if (/^https:\/\//i.test(logo))
        return _jsx("img", { className: "loam-tile", src: logo, alt: "", width: 28, height: 28, referrerPolicy: "no-referrer", decoding: "async" });
    return (_jsx("span", { className: "loam-tile", "aria-hidden": "true", style: own ? { background: color, color: dark(color) ? '#fff' : '#111' } : undefined, children: (Array.from(name.trim())[0] ?? '·').toUpperCase() }));
}
// Whether white is read more easily on a colour than black.
function dark(color) {
    const [r = 0, g = 0, b = 0] = [1, 3, 5].map((at) => {
        const c = parseInt(color.slice(at, at + 2), 16) / 255;
        return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b < 0.179;
}
