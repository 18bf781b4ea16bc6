import { jsx as _jsx, Fragment as _Fragment, jsxs as _jsxs } from "react/jsx-runtime";
import { useState } from 'react';
import { useQuery } from '@tanstack/react-query';
import { useAuth } from '../auth.js';
import { root, useLoam } from '../context.js';
import { nameOf } from '../identity.js';
import { Form } from './form.js';
import { Menu } from './menu.js';
import { Dialog, Tile } from './parts.js';
import { useSettings } from './settings.js';
import { useTexts } from './texts.js';
/** The active organization, as a button with a menu of all: to switch, to join, to create one. */
export function OrganizationSwitcher({ onSwitched }) {
    const t = useTexts();
    const { queryClient } = useLoam();
    const auth = useAuth();
    const { settings } = useSettings();
    const [creating, setCreating] = useState(false);
    const [wrong, setWrong] = useState();
    const key = [root, nameOf(auth), '/organizations'];
    const { data } = useQuery({
        queryKey: key,
        queryFn: async () => {
            const [mine, offers] = await Promise.all([auth.organizations.list(), auth.invitations.mine()]);
            return { mine, offers };
        },
        enabled: auth.user !== null,
        retry: false,
    }, queryClient);
    if (!auth.user)
        return null;
    const to = async (id) => {
        setWrong(undefined);
        try {
            if (id !== auth.organization?.id)
                await auth.organizations.switch(id);
            onSwitched?.(id);
        }
        catch (err) {
            setWrong(err);
        }
    };
    const join = async (offer) => {
        setWrong(undefined);
        try {
            const { id } = await auth.invitations.accept({ id: offer.id });
            await to(id);
        }
        catch (err) {
            setWrong(err);
        }
    };
    const active = data?.mine.find((o) => o.id === auth.organization?.id);
    const name = active?.name ?? auth.organization?.name;
    const all = (data?.mine ?? []).map((o) => ({ label: o.name, checked: o.id === auth.organization?.id, icon: _jsx(Tile, { ...o }), onSelect: () => to(o.id) }));
    const offers = (data?.offers ?? []).map((o) => ({ label: t('join', { organization: o.organization.name }), icon: _jsx(Tile, { ...o.organization, logo: "" }), onSelect: () => join(o) }));
    const create = settings?.ways.organizations.create === 'anyone' ? [{ label: t('createOrganization'), onSelect: () => setCreating(true) }] : [];
    return (_jsxs(_Fragment, { children: [_jsx(Menu, { label: t('organization'), button: _jsxs(_Fragment, { children: [_jsx(Tile, { name: name ?? '', ...(active && { color: active.color, logo: active.logo }) }), _jsx("span", { className: "loam-name", children: name ?? t('chooseOrganization') }), offers.length > 0 && _jsx("span", { className: "loam-badge", children: offers.length })] }), groups: [all, offers, create] }), wrong !== undefined && (_jsx("p", { className: "loam-ui loam-wrong", role: "alert", children: t.error(wrong) })), creating && (_jsx(Dialog, { title: t('createOrganization'), onClose: () => setCreating(false), children: _jsx(Form, { fields: [{ name: 'name', label: t('name') }], submit: t('create'), send: async (values) => {
                        const { id } = await auth.organizations.create({ name: values['name'] ?? '' });
                        setCreating(false);
                        await to(id);
                        await queryClient.invalidateQueries({ queryKey: [root], predicate: (q) => q.queryKey[2] === '/organizations' });
                    } }) }))] }));
}
