import { jsx as _jsx, Fragment as _Fragment, jsxs as _jsxs } from "react/jsx-runtime";
import { useAuth } from '../auth.js';
import { useLoam } from '../context.js';
import { Menu } from './menu.js';
import { Tile } from './parts.js';
import { useTexts } from './texts.js';
/** Who is signed in, as a button with a menu; nothing where nobody is. */
export function UserMenu({ items = [], accountUrl, onSignedOut, align = 'end' }) {
    const t = useTexts();
    const { client } = useLoam();
    const { user, signOut } = useAuth();
    if (!user)
        return null;
    const name = user.name || user.email || t('account');
    const url = accountUrl === undefined ? client.http.url + '/account' : accountUrl;
    const own = [...items, ...(url === null ? [] : [{ label: t('manageAccount'), href: url }])];
    const end = { label: t('signOut'), onSelect: () => signOut().then(onSignedOut) };
    return (_jsx(Menu, { align: align, label: t('account'), button: _jsxs(_Fragment, { children: [_jsx(Tile, { name: name }), _jsx("span", { className: "loam-name", children: name })] }), header: _jsxs(_Fragment, { children: [_jsx("strong", { children: name }), user.email && user.email !== name && _jsx("span", { className: "loam-quiet", children: user.email })] }), groups: [own, [end]] }));
}
