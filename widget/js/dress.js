// The style sheet of what comes later, added when the first of it is drawn.

import { adopt } from "./elements.js";

// Made of `../css/late.css` when the widget is built.
const CSS = "__AVOW_LATE_CSS__";
let dressed;

export function dress() {
  if (!dressed) adopt(CSS);
  dressed = true;
}
