import {
  IconActivity,
  IconApi,
  IconBug,
  IconCalendarTime,
  IconChartHistogram,
  IconCpu,
  IconKey,
  IconListDetails,
  IconServer,
  IconStack2,
} from '@tabler/icons-react';
import { EMBEDDED } from '@/api/place';

/** The pages in the order of the rail; `key` follows `g`. */
const ALL = [
  { to: '/', label: 'Overview', key: 'o', icon: IconActivity },
  { to: '/jobs', label: 'Jobs', key: 'j', icon: IconListDetails },
  { to: '/schedules', label: 'Schedules', key: 'h', icon: IconCalendarTime },
  { to: '/queues', label: 'Queues', key: 'q', icon: IconStack2 },
  { to: '/workers', label: 'Workers', key: 'w', icon: IconCpu },
  { to: '/servers', label: 'Servers', key: 's', icon: IconServer },
  { to: '/keys', label: 'Keys', key: 'k', icon: IconKey },
  { to: '/statistics', label: 'Statistics', key: 't', icon: IconChartHistogram },
  { to: '/api', label: 'API', key: 'a', icon: IconApi },
  { to: '/debug', label: 'Debug', key: 'd', icon: IconBug },
] as const;

export const PAGES = ALL.filter((page) => !EMBEDDED || (page.to !== '/servers' && page.to !== '/keys'));
