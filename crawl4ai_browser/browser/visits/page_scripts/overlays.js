// What lies over the page. "consent" gives the control that answers a cookie banner, an element to be clicked by real
// input; "remove_consent" takes banners out of the page; "remove_all" takes out whatever covers the middle of the view.
(options) => {
  // Containers and buttons of the common consent platforms. Their texts are translated, their names are not.
  const PLATFORMS = [
    { box: "#onetrust-consent-sdk", reject: "#onetrust-reject-all-handler, .ot-pc-refuse-all-handler", accept: "#onetrust-accept-btn-handler" },
    { box: "#CybotCookiebotDialog", reject: "#CybotCookiebotDialogBodyButtonDecline, #CybotCookiebotDialogBodyLevelButtonLevelOptinDeclineAll", accept: "#CybotCookiebotDialogBodyLevelButtonLevelOptinAllowAll, #CybotCookiebotDialogBodyButtonAccept" },
    { box: "#didomi-host", reject: "#didomi-notice-disagree-button, .didomi-continue-without-agreeing", accept: "#didomi-notice-agree-button" },
    { box: "#usercentrics-root, #usercentrics-cmp-ui", reject: "[data-testid=uc-deny-all-button], button#deny", accept: "[data-testid=uc-accept-all-button], button#accept" },
    { box: ".qc-cmp2-container", reject: ".qc-cmp2-summary-buttons [mode=secondary] + .disagree-btn, .qc-cmp2-footer .disagree-btn", accept: ".qc-cmp2-summary-buttons [mode=primary]" },
    { box: "#truste-consent-track, #consent_blackbar", reject: "#truste-consent-required", accept: "#truste-consent-button" },
    { box: ".osano-cm-window", reject: ".osano-cm-denyAll, .osano-cm-deny", accept: ".osano-cm-accept-all, .osano-cm-accept" },
    { box: ".cky-consent-container, .cky-modal", reject: ".cky-btn-reject", accept: ".cky-btn-accept" },
    { box: "#cmplz-cookiebanner-container, .cmplz-cookiebanner", reject: ".cmplz-deny", accept: ".cmplz-accept" },
    { box: "#iubenda-cs-banner", reject: ".iubenda-cs-reject-btn", accept: ".iubenda-cs-accept-btn" },
    { box: ".klaro .cookie-notice, .klaro .cookie-modal", reject: ".cn-decline, .cm-btn-decline", accept: ".cm-btn-accept-all, .cm-btn-success" },
    { box: ".fc-consent-root", reject: ".fc-cta-do-not-consent", accept: ".fc-cta-consent" },
    { box: ".termly-styles-root, #termly-code-snippet-support", reject: "[data-tid=banner-decline]", accept: "[data-tid=banner-accept]" },
    { box: "#cookiescript_injected", reject: "#cookiescript_reject", accept: "#cookiescript_accept" },
    { box: "[id^=sp_message_container]", reject: ".sp_choice_type_13, .sp_choice_type_REJECT_ALL", accept: ".sp_choice_type_11" },
    { box: "#axeptio_overlay", reject: "#axeptio_btn_dismiss", accept: "#axeptio_btn_acceptAll" },
    { box: "#cookie-law-info-bar", reject: "#cookie_action_close_header_reject", accept: "#cookie_action_close_header" },
    { box: ".cc-window", reject: ".cc-deny", accept: ".cc-allow, .cc-dismiss" },
  ];
  // What a banner speaks of, and what its buttons say, in the languages most sites are in.
  const SUBJECT = /cookie|consent|gdpr|dsgvo|rgpd|datenschutz|privacy|privacidad|privacité|vie privée|zustimm|einwillig|traceur|galletas|témoins|informasjonskapsl|evästee|ciasteczk|süti|куки|файлы cookie|クッキー/i;
  const REJECT = /^(reject|decline|refuse|deny|disagree|do not (accept|consent|allow)|don.t (accept|allow)|no,? thanks|(use |accept |allow )?(only )?(strictly )?(necessary|essential|required)( cookies)?( only)?|continue without|alle? ablehnen|ablehnen|nur (notwendige|erforderliche|essenzielle)|nicht (zustimmen|akzeptieren)|(tout )?refuser|continuer sans|je refuse|(solo |sólo )?(rechazar|necesarias)|(solo )?(rifiuta|necessari)|rejeitar|recusar|weigeren|afwijzen|alleen noodzakelijk|avvisa|avvis|afvis|hylkää|odrzuć|odmítnout|elutasít|отклонить|拒否)/i;
  const ACCEPT = /^(accept|agree|allow|got it|ok(ay)?$|i (accept|agree|consent|understand)|yes|consent|continue$|alle? (akzeptieren|zulassen|annehmen)|akzeptieren|zustimmen|einverstanden|verstanden|(tout )?accepter|j.accepte|d.accord|acept|accett|aceit|accepteren|akkoord|alles toestaan|godkänn|acceptera|godta|godkend|tillad|hyväksy|akceptuj|zaakceptuj|přijmout|souhlas|elfogad|принять|согласен|同意)/i;
  const CONTROLS = "button, [role=button], a, input[type=button], input[type=submit]";
  // Of the view: what covers less of it leaves the page to be read.
  const COVERING = 0.25;
  const MAX_TEXT = 6000; // of a banner. What has more is the page.
  const MAX_WALL_TEXT = 1500; // of a page that is one

  const everywhere = (css, root = document) => {
    const found = [...root.querySelectorAll(css)];
    for (const element of root.querySelectorAll("*")) if (element.shadowRoot) found.push(...everywhere(css, element.shadowRoot));
    return found;
  };
  const isVisible = (element) => element.checkVisibility({ visibilityProperty: true, opacityProperty: true })
    && element.getBoundingClientRect().width > 0 && element.getBoundingClientRect().height > 0;
  const textOf = (element) => (element.innerText ?? element.value ?? "").trim() || element.getAttribute("aria-label")?.trim() || element.value || "";
  const parentOf = (element) => element.parentElement ?? element.getRootNode().host ?? null;

  const isFloating = (element) => /^(fixed|sticky)$/.test(getComputedStyle(element).position)
    || element.matches("dialog[open], [role=dialog], [role=alertdialog], [aria-modal=true]");
  const isApart = (element) => element !== document.body && element !== document.documentElement && !element.matches("main, article, header, nav");

  const shadowed = (element) => (element.shadowRoot ? element.shadowRoot.textContent : "");
  const speaksOfCookies = (element) => {
    const text = `${element.innerText ?? ""} ${shadowed(element)}`;
    const controls = everywhere(CONTROLS, element.shadowRoot ?? element).filter(isVisible);
    return text.length < MAX_TEXT && SUBJECT.test(text) && controls.some((control) => REJECT.test(textOf(control)) || ACCEPT.test(textOf(control)));
  };

  const platformBoxes = () => PLATFORMS.flatMap(({ box, ...buttons }) =>
    everywhere(box).filter((element) => isVisible(element) || [...element.children].some(isVisible) || element.shadowRoot)
      .map((element) => ({ element, buttons })));
  const otherBoxes = () => everywhere("body *").filter((element) =>
    isApart(element) && isVisible(element) && isFloating(element) && speaksOfCookies(element)).map((element) => ({ element, buttons: null }));
  // A document that is nothing but a banner: in a frame, or as a wall before the page.
  const whole = () => {
    const isWhole = document.body && speaksOfCookies(document.body)
      && (window !== window.top || (document.body.innerText ?? "").length < MAX_WALL_TEXT);
    return isWhole ? [{ element: document.body, buttons: null }] : [];
  };
  const banners = () => [...platformBoxes(), ...otherBoxes(), ...whole()];

  const controlOf = ({ element, buttons }, answer) => {
    const root = element.shadowRoot ?? element;
    const named = buttons && everywhere(buttons[answer], root).find(isVisible);
    if (named) return named;
    const pattern = answer === "reject" ? REJECT : ACCEPT;
    return everywhere(CONTROLS, root).filter(isVisible).find((control) => pattern.test(textOf(control))) ?? null;
  };

  // Pages lock themselves beneath what lies over them, and are to be scrolled and seen again.
  const unlock = () => {
    for (const element of [document.documentElement, document.body]) {
      const style = getComputedStyle(element);
      if (/hidden|clip/.test(style.overflowY)) element.style.setProperty("overflow", "visible", "important");
      if (style.position === "fixed") element.style.setProperty("position", "static", "important");
    }
    for (const element of document.querySelectorAll("body > *")) {
      if (/blur\(/.test(getComputedStyle(element).filter)) element.style.setProperty("filter", "none", "important");
      if (element.inert) element.inert = false;
    }
  };

  const area = (element) => {
    const box = element.getBoundingClientRect();
    const width = Math.min(box.right, innerWidth) - Math.max(box.left, 0);
    const height = Math.min(box.bottom, innerHeight) - Math.max(box.top, 0);
    return width > 0 && height > 0 ? (width * height) / (innerWidth * innerHeight) : 0;
  };
  // Whatever is fixed (or lies in what is) at one of nine points of the view, and covers enough of it.
  const covers = () => {
    const found = new Set();
    for (const x of [0.25, 0.5, 0.75]) for (const y of [0.25, 0.5, 0.75]) {
      for (const hit of document.elementsFromPoint(innerWidth * x, innerHeight * y)) {
        let top = null;
        for (let element = hit; element; element = parentOf(element)) if (isApart(element) && isFloating(element)) top = element;
        if (top && area(top) >= COVERING && !top.querySelector("main, article")) found.add(top);
      }
    }
    return [...found];
  };
  const remove = (elements) => {
    for (const element of elements) if (element !== document.body) element.remove();
    if (elements.length) unlock();
    return elements.length;
  };

  switch (options.what) {
    case "consent":
      for (const banner of banners()) {
        const control = controlOf(banner, options.answer);
        if (control) return control;
      }
      return null;
    case "count_consent":
      return banners().length;
    case "remove_consent": {
      const found = banners().map(({ element }) => element);
      if (!found.length) return 0;
      // A veil that belongs to it has no words of its own.
      const count = remove([...new Set(found)]);
      remove(covers().filter((element) => !(element.innerText ?? "").trim()));
      return count;
    }
    default:
      return remove(covers());
  }
}
