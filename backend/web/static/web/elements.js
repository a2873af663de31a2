// Elements and shapes; never HTML.

const SVG = "http://www.w3.org/2000/svg";

export function element(tag, properties = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name in made) made[name] = value;
    else made.setAttribute(name, value);
  }
  made.append(...children);
  return made;
}

export function shape(tag, attributes) {
  const made = document.createElementNS(SVG, tag);
  setAll(made, attributes);
  return made;
}

export function setAll(made, attributes) {
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
}

// A box as the attributes of an SVG rectangle.
export function rectangle({ left, top, right, bottom }) {
  return { x: left, y: top, width: right - left, height: bottom - top };
}
