export { SignIn } from './sign-in.js';
export { SignUp } from './sign-up.js';
export { UserMenu } from './user-menu.js';
export { OrganizationSwitcher } from './organizations.js';
export { Members } from './members.js';
export { Menu } from './menu.js';
export { english, TextsProvider } from './texts.js';
