import AxeBuilder from '@axe-core/playwright';
import type { Page } from '@playwright/test';

/** What is not accessible on the page as it stands (WCAG 2.2, A and AA), a line each. */
export async function violationsOn(page: Page, where: string): Promise<string[]> {
  const { violations } = await new AxeBuilder({ page })
    .withTags(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'])
    // Our pages have no foreign frames; without this a second page is opened for each look, which takes as long again.
    .setLegacyMode()
    .analyze();
  return violations.map((each) => `${where}: ${each.id}: ${each.nodes.map((node) => node.target.join(' ')).join(' | ')}`);
}
