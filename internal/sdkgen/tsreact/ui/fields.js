// The fields that an app gives its users by `extend type User`, as fields of a form.
import { FieldError } from './form.js';
/** Makes "Vat number" of vatNumber. */
export function inWords(name) {
    const words = name.replace(/_+/g, ' ').replace(/([a-z\d])([A-Z])/g, '$1 $2').replace(/([A-Z])([A-Z][a-z])/g, '$1 $2').trim().split(/\s+/);
    const text = words.map((w) => (/^[A-Z\d]{2,}$/.test(w) ? w : w.toLowerCase())).join(' ');
    return text.charAt(0).toUpperCase() + text.slice(1);
}
const inputs = {
    ID: {},
    String: {},
    Int: { type: 'number' },
    Float: { type: 'number', step: 'any' },
    Boolean: { type: 'checkbox' },
    Date: { type: 'date' },
    Time: { type: 'time', step: 'any' },
    DateTime: { type: 'datetime-local', step: 'any' },
    Timestamp: { type: 'datetime-local', step: '1' },
    Email: { type: 'email' },
    URL: { type: 'url' },
    Phone: { type: 'tel', autoComplete: 'tel' },
    IPAddress: {},
};
// What one input can hold, or a line for each; the rest is written as JSON.
const plain = (f) => !!f.values || (f.type in inputs && !(f.list && inputs[f.type].type === 'datetime-local'));
/** The field that asks for one. */
export function fieldOf(f, t) {
    const whole = { name: f.name, label: inWords(f.name), optional: !f.required };
    if (!plain(f))
        return { ...whole, type: 'lines', hint: t('jsonHint') };
    if (f.list)
        return { ...whole, type: 'lines', optional: true, hint: t('linesHint') + (f.values ? ' ' + f.values.join(', ') : '') };
    if (!f.values)
        return { ...whole, ...inputs[f.type] };
    return { ...whole, options: [['', f.required ? t('choose') : '–'], ...f.values.map((v) => [v, inWords(/[a-z]/.test(v) ? v : v.toLowerCase())])] };
}
function one(f, text) {
    switch (f.type) {
        case 'Int':
        case 'Float':
            return Number(text);
        case 'Boolean':
            return text === 'true';
        case 'Time':
            return text.length === 5 ? text + ':00' : text;
        case 'DateTime':
            return new Date(text).toISOString();
        case 'Timestamp':
            return Math.floor(new Date(text).getTime() / 1000);
    }
    return text;
}
function valueOf(f, text, t) {
    if (f.list && plain(f) && (text || f.required))
        return text.split('\n').map((line) => line.trim()).filter(Boolean).map((line) => one(f, line));
    if (text === '')
        return null;
    if (plain(f) || (f.type === 'AWSJSON' && !f.list))
        return one(f, text);
    try {
        return JSON.parse(text);
    }
    catch {
        throw new FieldError(f.name, t('badJson'));
    }
}
/** What the server takes of a form's texts. */
export function valuesOf(own, texts, t) {
    return Object.fromEntries(own.map((f) => [f.name, valueOf(f, texts[f.name] ?? '', t)]).filter(([, v]) => v !== null));
}
