import { jsxs as _jsxs, jsx as _jsx, Fragment as _Fragment } from "react/jsx-runtime";
import { useEffect, useId, useRef, useState } from 'react';
/** A button that opens a menu, by mouse or keyboard. */
export function Menu({ button, label, header, align = 'start', groups }) {
    const [open, setOpen] = useState(false);
    const root = useRef(null);
    const trigger = useRef(null);
    const id = useId();
    const items = () => [...(root.current?.querySelectorAll('[role^=menuitem]') ?? [])];
    useEffect(() => {
        if (!open)
            return;
        const all = items();
        all.at(open === 'last' ? -1 : 0)?.focus();
        const outside = (e) => {
            if (!root.current?.contains(e.target))
                setOpen(false);
        };
        document.addEventListener('pointerdown', outside);
        return () => document.removeEventListener('pointerdown', outside);
    }, [open]);
    const close = () => {
        setOpen(false);
        trigger.current?.focus();
    };
    const move = (e) => {
        const all = items();
        const at = all.indexOf(document.activeElement);
        const letter = e.key.length === 1 && !e.ctrlKey && !e.metaKey && !e.altKey && e.key !== ' ';
        let to;
        if (e.key === 'ArrowDown')
            to = all[(at + 1) % all.length];
        else if (e.key === 'ArrowUp')
            to = all.at(at <= 0 ? -1 : at - 1);
        else if (e.key === 'Home')
            to = all[0];
        else if (e.key === 'End')
            to = all.at(-1);
        else if (e.key === 'Escape')
            return e.stopPropagation(), close();
        else if (e.key === 'Tab')
            return setOpen(false);
        else if (letter)
            to = [...all.slice(at + 1), ...all.slice(0, at + 1)].find((i) => i.textContent?.trim().toLowerCase().startsWith(e.key.toLowerCase()));
        else
            return;
        e.preventDefault();
        to?.focus();
    };
    const opened = (e) => {
        if (e.key !== 'ArrowDown' && e.key !== 'ArrowUp')
            return;
        e.preventDefault();
        setOpen(e.key === 'ArrowUp' ? 'last' : 'first');
    };
    return (_jsxs("div", { className: 'loam-ui loam-menu' + (align === 'end' ? ' loam-menu-end' : ''), ref: root, children: [_jsxs("button", { ref: trigger, type: "button", className: "loam-button loam-trigger", "aria-haspopup": "menu", "aria-expanded": open !== false, "aria-controls": open ? id : undefined, onClick: () => setOpen(open ? false : 'first'), onKeyDown: opened, children: [_jsxs("span", { className: "loam-unseen", children: [label, ": "] }), button] }), open && (_jsxs("div", { className: "loam-popup", children: [header && _jsx("div", { className: "loam-header", children: header }), _jsx("div", { role: "menu", id: id, "aria-label": label, onKeyDown: move, children: groups
                            .filter((g) => g.length > 0)
                            .map((group, n) => (_jsx("div", { role: "group", children: group.map((item) => (_jsx(Item, { item: item, close: close }, item.label))) }, n))) })] }))] }));
}
function Item({ item: { label, onSelect, href, checked, icon }, close }) {
    const select = () => {
        close();
        void onSelect?.();
    };
    const content = (_jsxs(_Fragment, { children: [icon, _jsx("span", { children: label }), checked && (_jsx("span", { className: "loam-mark", "aria-hidden": "true", children: "\u2713" }))] }));
    const role = checked === undefined ? { role: 'menuitem' } : { role: 'menuitemradio', 'aria-checked': checked };
    if (href !== undefined) {
        return (_jsx("a", { ...role, className: "loam-item", tabIndex: -1, href: href, onClick: select, children: content }));
    }
    return (_jsx("button", { ...role, type: "button", className: "loam-item", tabIndex: -1, onClick: select, children: content }));
}
