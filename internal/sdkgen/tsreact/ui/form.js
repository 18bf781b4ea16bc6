import { jsx as _jsx, jsxs as _jsxs } from "react/jsx-runtime";
// Forms: labels, errors beside the field that they are about, and one place that sends.
import { useId, useRef, useState } from 'react';
import { useTexts } from './texts.js';
/** A failure that is about a field. */
export class FieldError extends Error {
    field;
    constructor(field, message) {
        super(message);
        this.field = field;
    }
}
export function Form({ fields = [], submit, send, danger = false, across = false, label, children }) {
    const t = useTexts();
    const id = useId();
    const form = useRef(null);
    const [wrong, setWrong] = useState({});
    const [busy, setBusy] = useState(false);
    const control = (name) => form.current?.elements.namedItem(name);
    const textOf = (f) => {
        const c = control(f.name);
        if (!c)
            return '';
        if (f.type === 'checkbox')
            return String(c.checked);
        return f.type === 'password' ? c.value : c.value.trim();
    };
    const fail = (errors) => {
        setWrong(errors);
        control(Object.keys(errors)[0])?.focus();
    };
    const submitted = async (event) => {
        event.preventDefault();
        if (busy)
            return;
        const values = Object.fromEntries(fields.map((f) => [f.name, textOf(f)]));
        const empty = fields.filter((f) => !f.optional && values[f.name] === '');
        if (empty.length > 0)
            return fail(Object.fromEntries(empty.map((f) => [f.name, t('missing', { label: f.label.toLowerCase() })])));
        setWrong({});
        setBusy(true);
        try {
            await send(values);
        }
        catch (err) {
            if (err instanceof Quiet)
                return;
            const { field } = err;
            fail({ [field && fields.some((f) => f.name === field) ? field : '']: t.error(err) });
        }
        finally {
            setBusy(false);
        }
    };
    return (_jsxs("form", { ref: form, noValidate: true, className: 'loam-form' + (across ? ' loam-across' : ''), "aria-label": label, onSubmit: (e) => void submitted(e), children: [fields.map((f) => (_jsx(Labelled, { field: f, id: id + f.name, wrong: wrong[f.name] }, f.name))), _jsx("p", { className: "loam-wrong", role: "alert", children: wrong[''] }), _jsxs("div", { className: "loam-actions", children: [_jsx("button", { type: "submit", className: 'loam-button ' + (danger ? 'loam-danger' : 'loam-primary'), "aria-busy": busy, children: submit }), children] })] }));
}
/** Thrown where nothing is to be said. */
export class Quiet extends Error {
}
function Labelled({ field: f, id, wrong }) {
    const t = useTexts();
    const [shown, setShown] = useState(false);
    const common = {
        id,
        name: f.name,
        required: !f.optional,
        'aria-invalid': wrong ? true : undefined,
        'aria-describedby': [f.hint && id + '-hint', wrong && id + '-wrong'].filter(Boolean).join(' ') || undefined,
    };
    const label = (_jsxs("label", { htmlFor: id, children: [f.label, f.optional && f.type !== 'checkbox' && _jsxs("span", { className: "loam-quiet", children: [" ", t('optional')] })] }));
    const plain = f.code || f.type === 'email' || f.type === 'password' || f.type === 'url';
    let input;
    if (f.options) {
        input = (_jsx("select", { ...common, className: "loam-input", defaultValue: f.value, children: f.options.map(([value, text]) => (_jsx("option", { value: value, children: text }, value))) }));
    }
    else if (f.type === 'lines')
        input = _jsx("textarea", { ...common, className: "loam-input", rows: 3, defaultValue: f.value });
    else if (f.type === 'checkbox')
        input = _jsx("input", { ...common, required: false, type: "checkbox", defaultChecked: f.value === 'true' });
    else {
        input = (_jsx("input", { ...common, className: 'loam-input' + (f.code ? ' loam-code' : ''), type: f.code || (f.type === 'password' && shown) ? 'text' : (f.type ?? 'text'), step: f.step, defaultValue: f.value, autoComplete: f.autoComplete ?? 'off', inputMode: f.code ? 'numeric' : undefined, maxLength: f.code ? 40 : 4096, spellCheck: plain ? false : undefined, autoCapitalize: plain ? 'none' : undefined }));
    }
    return (_jsxs("div", { className: "loam-field", children: [f.type === 'checkbox' ? (_jsxs("div", { className: "loam-check", children: [input, label] })) : (label), f.type === 'password' ? (_jsxs("div", { className: "loam-secret", children: [input, _jsx("button", { type: "button", className: "loam-plain", "aria-pressed": shown, "aria-label": t('showPassword'), onClick: () => setShown(!shown), children: t(shown ? 'hide' : 'show') })] })) : (f.type !== 'checkbox' && input), f.hint && (_jsx("p", { id: id + '-hint', className: "loam-hint", children: f.hint })), wrong && (_jsx("p", { id: id + '-wrong', className: "loam-wrong", children: wrong }))] }));
}
