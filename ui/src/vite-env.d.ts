/** Whether the fixture host is part of this build. */
declare const __FIXTURE__: boolean
