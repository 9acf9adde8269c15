import {
  IconAlertTriangle,
  IconBan,
  IconCircleCheck,
  IconCircleX,
  IconClockHour4,
  IconHourglassEmpty,
  IconPlayerPlay,
  IconRefresh,
} from '@tabler/icons-react';
import type { JobStatus } from '@/api/types';

/** A different icon for each status: colour alone tells nobody anything. Colours stand in tokens.css as --status-NAME. */
export const STATUS_ICONS: Record<JobStatus, typeof IconBan> = {
  scheduled: IconClockHour4,
  queued: IconHourglassEmpty,
  running: IconPlayerPlay,
  retrying: IconRefresh,
  completed: IconCircleCheck,
  failed: IconCircleX,
  canceled: IconBan,
};

export const WARNING_ICON = IconAlertTriangle;
