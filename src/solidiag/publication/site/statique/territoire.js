/* Mon territoire : ses valeurs à côté de leurs références ; ce qui manque est expliqué. */
(function () {
  "use strict";
  var D = window.SOLIDIAG;
  var zone = document.querySelector("[data-territoire]");
  if (!zone || !D || !D.tables.length) { return; }
  var NOMS = { COM: "Commune", ARM: "Arrondissement municipal", EPCI: "Intercommunalité", BV: "Bassin de vie", ZE: "Zone d'emploi", ARR: "Arrondissement" };
  var T = D.territoires.map(function (t) { return { id: t[0], nom: t[1], parents: t[2], niveau: t[0].split("-")[0] }; });
  var niveau = document.getElementById("niveau");
  var choix = document.getElementById("territoire");
  var tout = document.getElementById("tout");
  var fiche = zone.querySelector("[data-fiche]");
  var SVG = "http://www.w3.org/2000/svg";
  zone.hidden = false;

  function element(nom, classe, texte) {
    var e = document.createElement(nom);
    if (classe) { e.className = classe; }
    if (texte !== undefined) { e.textContent = texte; }
    return e;
  }
  function forme(nom, attributs) {
    var e = document.createElementNS(SVG, nom);
    Object.keys(attributs).forEach(function (cle) { e.setAttribute(cle, attributs[cle]); });
    return e;
  }
  var index = D.tables.map(function (t) {
    var lignes = {};
    t.lignes.forEach(function (l) { lignes[l[0]] = l; });
    return lignes;
  });

  Object.keys(NOMS).forEach(function (n) {
    if (T.some(function (t) { return t.niveau === n; })) { niveau.add(new Option(NOMS[n], n)); }
  });
  function remplirChoix() {
    choix.textContent = "";
    T.filter(function (t) { return t.niveau === niveau.value; })
      .sort(function (a, b) { return a.nom.localeCompare(b.nom, "fr"); })
      .forEach(function (t) { choix.add(new Option(t.nom, t.id)); });
  }

  function cellule(t, ligne, principale) {
    var td = element("td", "a-droite");
    if (!ligne) { td.appendChild(element("span", "absence absence-L", D.absences.L)); return td; }
    if (ligne[2] === null) {
      td.appendChild(element("span", "absence absence-" + ligne[3], D.absences[ligne[3]]));
    } else {
      td.appendChild(element(principale ? "strong" : "span", "n", ligne[1]));
    }
    if (ligne[5]) { td.appendChild(element("span", "intervalle", ligne[5])); }
    if (principale && ligne[2] === null && ligne[6] >= 0) { td.appendChild(element("span", "motif", t.motifs[ligne[6]])); }
    return td;
  }
  /* Une bande : un point par territoire de même échelle, le choisi en couleur, un trait par référence. */
  function position(t, rang, choisi, references) {
    var td = element("td");
    var pairs = t.lignes.filter(function (l) { return T[l[0]].niveau === T[choisi].niveau && l[2] !== null; });
    var ici = index[rang][choisi];
    if (t.genre !== "taux" || !ici || ici[2] === null || pairs.length < 4) { return td; }
    var valeurs = pairs.concat(references.map(function (r) { return index[rang][r]; }).filter(function (l) { return l && l[2] !== null; }))
      .map(function (l) { return l[2]; });
    var bas = Math.min.apply(null, valeurs), haut = Math.max.apply(null, valeurs);
    if (bas === haut) { return td; }
    function x(v) { return 6 + 148 * (v - bas) / (haut - bas); }
    var svg = forme("svg", { viewBox: "0 0 160 24", "class": "bande-position", "aria-hidden": "true", focusable: "false" });
    svg.appendChild(forme("line", { x1: 4, x2: 156, y1: 12, y2: 12 }));
    pairs.forEach(function (l) { svg.appendChild(forme("circle", { cx: x(l[2]), cy: 12, r: 2.6, "class": "autre" })); });
    references.forEach(function (r) {
      var l = index[rang][r];
      if (l && l[2] !== null) { svg.appendChild(forme("line", { x1: x(l[2]), x2: x(l[2]), y1: 3, y2: 21, "class": "reference" })); }
    });
    svg.appendChild(forme("circle", { cx: x(ici[2]), cy: 12, r: 5.5, "class": "ici" }));
    td.appendChild(svg);
    return td;
  }
  function ecrireGroupe(groupe, tables, choisi, references, numero) {
    var section = element("section", "fiche-groupe");
    var region = element("div", "defile");
    region.setAttribute("role", "group");
    region.tabIndex = 0;
    var table = element("table");
    var titre = element("caption", "", groupe || "Indicateurs");
    titre.id = "groupe-" + numero;
    region.setAttribute("aria-labelledby", titre.id);
    table.appendChild(titre);
    var tete = table.createTHead().insertRow();
    ["Indicateur", T[choisi].nom, "Parmi ses semblables"].concat(references.map(function (r) { return T[r].nom; }), ["Date"])
      .forEach(function (texte, i) {
        var th = element("th", i === 1 || (i > 2 && i <= references.length + 2) ? "a-droite" : "", texte);
        th.scope = "col";
        tete.appendChild(th);
      });
    var corps = table.createTBody();
    tables.forEach(function (paire) {
      var t = paire[0], rang = paire[1];
      var tr = corps.insertRow();
      var th = element("th");
      th.scope = "row";
      var lien = element("a", "", t.libelle);
      lien.href = "chiffres.html#" + encodeURIComponent(t.id);
      th.appendChild(lien);
      th.appendChild(element("span", "intervalle", t.unite));
      tr.appendChild(th);
      tr.appendChild(cellule(t, index[rang][choisi], true));
      tr.appendChild(position(t, rang, choisi, references));
      references.forEach(function (r) { tr.appendChild(cellule(t, index[rang][r], false)); });
      tr.appendChild(element("td", "", t.millesime));
    });
    region.appendChild(table);
    section.appendChild(region);
    return section;
  }
  function montrer() {
    var choisi = T.findIndex(function (t) { return t.id === choix.value; });
    if (choisi < 0) { return; }
    var references = T[choisi].parents;
    var groupes = [];
    D.tables.forEach(function (t, rang) {
      var trouve = groupes.filter(function (g) { return g[0] === t.groupe; })[0];
      if (!trouve) { trouve = [t.groupe, []]; groupes.push(trouve); }
      trouve[1].push([t, rang]);
    });
    zone.querySelector("[data-nom]").textContent = T[choisi].nom;
    zone.querySelector("[data-parents]").textContent = references.map(function (r) { return T[r].nom; }).join(" · ");
    var lues = 0, secretes = 0;
    D.tables.forEach(function (t, rang) {
      var l = index[rang][choisi];
      if (l && l[2] !== null) { lues += 1; }
      if (l && l[3] === "Q") { secretes += 1; }
    });
    zone.querySelector("[data-etat]").textContent = "Valeur disponible pour " + lues + " indicateurs sur " + D.tables.length +
      (secretes ? " ; " + secretes + (secretes > 1 ? " sont protégées par le secret." : " est protégée par le secret.") : ".");
    fiche.textContent = "";
    groupes.forEach(function (g, i) {
      var gardees = g[1].filter(function (p) { var l = index[p[1]][choisi]; return tout.checked || (l && l[2] !== null); });
      if (gardees.length) { fiche.appendChild(ecrireGroupe(g[0], gardees, choisi, references, i)); }
    });
    fiche.appendChild(element("p", "source", "« Parmi ses semblables » : un point par territoire de la même échelle, le point plein est le territoire choisi, les traits sont ses références."));
    window.SolidiagSite.ajusterRegions();
  }
  function lireAdresse() {
    var demande = decodeURIComponent(window.location.hash.slice(1));
    var trouve = T.filter(function (t) { return t.id === demande && NOMS[t.niveau]; })[0];
    if (trouve) { niveau.value = trouve.niveau; }
    remplirChoix();
    if (trouve) { choix.value = trouve.id; }
    montrer();
  }
  tout.addEventListener("change", montrer);
  niveau.addEventListener("change", function () { remplirChoix(); montrer(); });
  choix.addEventListener("change", function () {
    window.history.replaceState(null, "", "#" + encodeURIComponent(choix.value));
    montrer();
  });
  zone.querySelector("form").addEventListener("submit", function (e) { e.preventDefault(); });
  window.addEventListener("hashchange", lireAdresse);
  lireAdresse();
})();
