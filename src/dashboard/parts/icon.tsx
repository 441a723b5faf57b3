// Owns the pictures: plain strokes that take the colour of the text beside them, and say nothing to a screen reader.

const SHAPES = {
  overview: ['M4 13h6V4H4zM14 20h6v-9h-6zM14 4v3h6V4zM4 17v3h6v-3z'],
  openings: ['M5 21V8a7 7 0 0 1 14 0v13', 'M3 21h18', 'M12 17V11m-2.5 2.5L12 11l2.5 2.5'],
  devices: ['M7 7h10v10H7z', 'M10 3v4m4-4v4m-4 10v4m4-4v4M3 10h4m-4 4h4m10-4h4m-4 4h4'],
  firmware: ['M12 3l8 4.5v9L12 21l-8-4.5v-9z', 'M4 7.5l8 4.5 8-4.5M12 12v9'],
  certificates: ['M12 3l7 3v5c0 4.6-2.9 8.3-7 10-4.1-1.7-7-5.4-7-10V6z', 'M9 11.5l2.2 2.2L15.2 9.5'],
  doctor: ['M3 12h4l2.5-6 4.500 12 2.500-6h4.5'],
  log: ['M5 5h14M5 10h14M5 15h9M5 20h6'],
  well: ['M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18z', 'M8.2 12.3l2.6 2.6 5-5.4'],
  warning: ['M12 4L2.8 20h18.4z', 'M12 10v4.2M12 17.2v.1'],
  fault: ['M8.3 3h7.4L21 8.3v7.4L15.7 21H8.3L3 15.7V8.3z', 'M9 9l6 6m0-6l-6 6'],
  note: ['M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18z', 'M12 11v5.2M12 7.8v.1'],
  offered: ['M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18z', 'M12 16V8.5m-3 3l3-3 3 3'],
  download: ['M12 4v11m-4.5-4.5L12 15l4.5-4.5', 'M4.5 20h15'],
  upload: ['M12 16V5M7.5 9.5 12 5l4.5 4.5', 'M4.5 20h15'],
  rebooting: ['M20 12a8 8 0 1 1-2.5-5.8', 'M20.5 3.500v4.500H16'],
  upgraded: ['M12 3l2.6 5.6 6.1.7-4.5 4.2 1.2 6L12 16.5 6.6 19.500l1.2-6L3.3 9.300l6.1-.7z'],
  withheld: ['M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18z', 'M9.5 9v6m5-6v6'],
  seen: [
    'M2.5 12S6 5.5 12 5.5 21.5 12 21.5 12 18 18.5 12 18.5 2.5 12 2.5 12z',
    'M12 9.500a2.5 2.5 0 1 0 0 5 2.5 2.5 0 0 0 0-5z',
  ],
  clock: ['M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18z', 'M12 7.500V12l3 2'],
  close: ['M6 6l12 12M18 6L6 18'],
  search: ['M10.5 4a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13z', 'M15.5 15.500L20 20'],
  settings: [
    'M4 7h9m5 0h2M4 17h2m5 0h9',
    'M15.5 4.800a2.2 2.2 0 1 0 0 4.4 2.2 2.2 0 0 0 0-4.400zM8.5 14.800a2.2 2.2 0 1 0 0 4.4 2.2 2.2 0 0 0 0-4.400z',
  ],
  sun: [
    'M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8z',
    'M12 2.500v2m0 15v2M2.5 12h2m15 0h2M5.3 5.300l1.4 1.400m10.6 10.600l1.4 1.400m0-13.400l-1.4 1.400M6.7 17.300l-1.4 1.4',
  ],
  moon: ['M20 14.500A8.5 8.5 0 0 1 9.5 4a8.5 8.5 0 1 0 10.5 10.500z'],
  auto: ['M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18z', 'M12 3v18M12 8l6.5-2.500M12 13l9-3M12 18l7.5-2.5'],
  pin: ['M9 3h6l-1 6 3.5 3.500v2h-11v-2L10 9z', 'M12 14.500V21'],
  trash: ['M4 7h16M9.5 7V4h5v3', 'M6 7l1 13h10l1-13M10 11v5.500m4-5.500v5.5'],
  cut: [
    'M6 4.500a2.5 2.5 0 1 0 0 5 2.5 2.5 0 0 0 0-5zM6 14.500a2.5 2.5 0 1 0 0 5 2.5 2.5 0 0 0 0-5z',
    'M8 8.500L20 17M8 15.500L20 7',
  ],
  link: ['M10 14a4 4 0 0 0 5.7 0l3-3A4 4 0 0 0 13 5.300l-1 1', 'M14 10a4 4 0 0 0-5.7 0l-3 3A4 4 0 0 0 11 18.700l1-1'],
  copy: ['M8 8h12v12H8z', 'M16 8V4H4v12h4'],
  leave: ['M14 4H5v16h9', 'M10 12h10m-3.5-3.500L20 12l-3.5 3.5'],
  pause: ['M8 5v14m8-14v14'],
  play: ['M7 4.500v15l12-7.500z'],
  down: ['M12 5v14m-6-6l6 6 6-6'],
  up: ['M12 19V5m-6 6l6-6 6 6'],
  back: ['M19 12H5m6-6l-6 6 6 6'],
  next: ['M5 12h14m-6-6l6 6-6 6'],
  server: ['M4 4h16v7H4zM4 13h16v7H4z', 'M8 7.500v.1M8 16.500v.1M12 7.500h5M12 16.500h5'],
  flame: ['M12 3c.5 3.5 5 5.5 5 10.500a5 5 0 0 1-10 0c0-2 1-3.5 2-4.5.3 1.6 1 2.3 2 2.500C10.5 8.5 11 5.5 12 3z'],
} as const;

export type IconName = keyof typeof SHAPES;

export function Icon({ name, size = 18 }: { name: IconName; size?: number }) {
  return (
    <svg
      class={`icon icon-${name}`}
      viewBox="0 0 24 24"
      width={size}
      height={size}
      aria-hidden="true"
      focusable="false"
    >
      {SHAPES[name].map((shape) => (
        <path key={shape} d={shape} />
      ))}
    </svg>
  );
}

/** The sign of the program: a gate, and the way up through it. */
export function Mark({ size = 28 }: { size?: number }) {
  return (
    <svg class="mark" viewBox="0 0 32 32" width={size} height={size} aria-hidden="true" focusable="false">
      <rect width="32" height="32" rx="8" />
      <path class="mark-gate" d="M8 25V14a8 8 0 0 1 16 0v11" />
      <path class="mark-way" d="M16 25V15m-4 3.6 4-4 4 4" />
    </svg>
  );
}
