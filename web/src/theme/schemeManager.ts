import { localStorageColorSchemeManager } from '@mantine/core';

/** The same key that public/theme.js reads before the first paint. */
export const schemeManager = localStorageColorSchemeManager({ key: 'drover-theme' });
