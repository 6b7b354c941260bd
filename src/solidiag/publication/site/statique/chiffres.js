/* Explorateur : un indicateur, sa carte, son tableau. Les textes viennent tels quels des données. */
(function () {
  "use strict";
  var D = window.SOLIDIAG;
  var zone = document.querySelector("[data-explorateur]");
  if (!zone || !D || !D.tables.length) { return; }
  var S = window.SolidiagSite, C = window.SolidiagCartes;
  var NOMS = { COM: ["commune", "communes"], ARM: ["arrondissement municipal", "arrondissements municipaux"], EPCI: ["intercommunalité", "intercommunalités"], BV: ["bassin de vie", "bassins de vie"], ZE: ["zone d'emploi", "zones d'emploi"], ARR: ["arrondissement", "arrondissements"] };
  var ORDRE_ABSENCES = ["Q", "O", "L", "M"];
  var T = D.territoires.map(function (t) { return { id: t[0], nom: t[1], parents: t[2], niveau: t[0].split("-")[0] }; });
  function trouver(selecteur) { return zone.querySelector(selecteur); }
  var choix = document.getElementById("indicateur");
  var echelle = document.getElementById("echelle");
  var dans = document.getElementById("dans");
  var filtre = document.getElementById("filtre");
  var table = trouver("[data-valeurs-explorateur]");
  var lecture = trouver("[data-lecture]");
  var voulue = echelle.value, choisie = false;
  var tri = { colonne: 0, sens: 1 };
  zone.hidden = false;

  T.filter(function (t) { return t.niveau === "EPCI"; })
    .sort(function (a, b) { return a.nom.localeCompare(b.nom, "fr"); })
    .forEach(function (t) { dans.add(new Option(t.nom, t.id)); });

  function courante() { return D.tables.filter(function (t) { return t.id === choix.value; })[0]; }
  function element(nom, classe, texte) {
    var e = document.createElement(nom);
    if (classe) { e.className = classe; }
    if (texte !== undefined) { e.textContent = texte; }
    return e;
  }
  function lisible(ligne) { return ligne[2] !== null; }
  function imprime(ligne) { return lisible(ligne) ? ligne[1] : D.absences[ligne[3]]; }
  function marque(t, ligne) {
    if (lisible(ligne)) { return element("span", "n", ligne[1]); }
    var boite = element("div");
    boite.appendChild(element("span", "absence absence-" + ligne[3], D.absences[ligne[3]]));
    if (ligne[6] >= 0 && raisons(t)[ligne[3]] === undefined) { boite.appendChild(element("span", "motif", t.motifs[ligne[6]])); }
    return boite;
  }
  /* La raison d'un statut qui n'en a qu'une se dit une fois, sous le tableau. */
  function raisons(t) {
    if (t.raisons) { return t.raisons; }
    var vues = {};
    t.lignes.forEach(function (l) {
      if (lisible(l)) { return; }
      vues[l[3]] = vues[l[3]] === undefined || vues[l[3]] === l[6] ? l[6] : null;
    });
    t.raisons = {};
    Object.keys(vues).forEach(function (s) { if (vues[s] !== null && vues[s] >= 0) { t.raisons[s] = t.motifs[vues[s]]; } });
    return t.raisons;
  }
  function direRaisons(t) {
    return Object.keys(raisons(t)).map(function (s) { return D.absences[s] + " : " + raisons(t)[s]; }).join(" ; ");
  }
  function sansIntervalle(t) {
    var vus = {};
    t.lignes.forEach(function (l) { if (lisible(l) && l[6] >= 0 && !l[5]) { vus[l[6]] = true; } });
    return Object.keys(vus).map(function (rang) { return t.motifs[rang]; }).join(" ; ");
  }
  /* La carte des communes montre des taux lissés quand leurs effectifs sont petits. */
  function lissee(t) { return Boolean(t.lissage) && echelle.value === "COM"; }
  function niveauxDe(t) { return Object.keys(NOMS).filter(function (n) { return t.classes[n]; }); }
  function dansEpci(i) {
    if (!dans.value || T[i].niveau !== "COM") { return true; }
    return T[i].parents.some(function (p) { return T[p].id === dans.value; });
  }
  function retenues(t) {
    var mots = S.simplifier(filtre.value).trim();
    return t.lignes.filter(function (l) {
      var lieu = T[l[0]];
      return lieu.niveau === echelle.value && dansEpci(l[0]) && (!mots || S.simplifier(lieu.nom).indexOf(mots) >= 0);
    });
  }

  function colonnes(t) {
    var liste = [{ titre: "Territoire", cle: function (l) { return T[l[0]].nom; }, ecrire: function (l) { return T[l[0]].nom; } },
      { titre: t.unite + " (" + t.millesime + ")", droite: true, cle: function (l) { return l[2]; }, noeud: function (l) { return marque(t, l); }, ecrire: imprime }];
    if (t.lignes.some(function (l) { return l[5]; })) {
      liste.push({ titre: "Intervalle", droite: true, cle: function (l) { return l[5] || null; }, ecrire: function (l) { return l[5]; } });
    }
    if (lissee(t)) {
      liste.push({ titre: "Taux lissé", droite: true, cle: function (l) { return l[8] === undefined ? null : l[8]; }, ecrire: function (l) { return l[7] || ""; } });
    }
    return liste;
  }
  function remplir(corps, lignes, cols) {
    corps.textContent = "";
    lignes.forEach(function (l) {
      var tr = element("tr");
      tr.setAttribute("data-t", T[l[0]].id);
      cols.forEach(function (c, i) {
        var cellule = element(i ? "td" : "th", c.droite ? "a-droite" : "");
        if (!i) { cellule.scope = "row"; }
        if (c.noeud) { cellule.appendChild(c.noeud(l)); } else { cellule.textContent = c.ecrire(l); }
        tr.appendChild(cellule);
      });
      corps.appendChild(tr);
    });
  }
  function ecrireTableau(t, lignes) {
    var cols = colonnes(t);
    if (tri.colonne >= cols.length) { tri = { colonne: 0, sens: 1 }; }
    var tete = element("tr");
    cols.forEach(function (c, i) {
      var th = element("th", c.droite ? "a-droite" : "");
      th.scope = "col";
      var bouton = element("button", "tri", c.titre);
      bouton.type = "button";
      if (tri.colonne === i) { th.setAttribute("aria-sort", tri.sens === 1 ? "ascending" : "descending"); }
      bouton.addEventListener("click", function () {
        tri = { colonne: i, sens: tri.colonne === i ? -tri.sens : 1 };
        ecrireTableau(t, retenues(t));
        table.tHead.rows[0].cells[i].firstChild.focus();
      });
      th.appendChild(bouton);
      tete.appendChild(th);
    });
    table.tHead.textContent = "";
    table.tHead.appendChild(tete);
    var col = cols[tri.colonne];
    var triees = lignes.slice().sort(function (a, b) {
      return S.comparer(col.cle(a), col.cle(b), tri.sens) || T[a[0]].nom.localeCompare(T[b[0]].nom, "fr");
    });
    var references = t.lignes.filter(function (l) { return ["DEP", "REG", "FR"].indexOf(T[l[0]].niveau) >= 0; });
    remplir(table.tBodies[0], references, cols);
    remplir(table.tBodies[1], triees, cols);
    S.ajusterRegions();
  }

  function dessiner(t, gardees) {
    var boite = null;
    zone.querySelectorAll("[data-fond]").forEach(function (b) {
      b.hidden = b.getAttribute("data-fond") !== echelle.value || t.genre === "aucun";
      if (!b.hidden) { boite = b; }
    });
    trouver(".explorateur-corps").classList.toggle("sans-fond", !boite);
    trouver("[data-sans-carte]").hidden = Boolean(boite);
    trouver("[data-legende]").hidden = !boite;
    lecture.hidden = !boite;
    if (!boite) { return; }
    var svg = boite.querySelector("svg");
    svg.setAttribute("aria-label", "Carte : " + t.libelle + ", " + t.millesime + (lissee(t) ? ", " + t.lissage.split(". ")[0].toLowerCase() : "") + ". Les valeurs sont dans le tableau qui suit.");
    svg.querySelectorAll(".cercle,.surligne").forEach(function (c) { c.remove(); });
    var formes = C.formesDe(boite);
    function classer(id, classe) { formes[id].forEach(function (f) { f.setAttribute("class", classe); }); }
    Object.keys(formes).forEach(function (id) { classer(id, "q-L"); });
    var vus = {};
    gardees.forEach(function (l) { vus[T[l[0]].id] = true; });
    var lignes = t.lignes.filter(function (l) { return T[l[0]].niveau === echelle.value; });
    var effectif = t.genre === "effectif";
    var maximum = Math.max.apply(null, lignes.map(function (l) { return l[2] || 0; }).concat([0]));
    var rayonMax = svg.viewBox.baseVal.width / 18;
    lignes.slice().sort(function (a, b) { return (b[2] || 0) - (a[2] || 0); }).forEach(function (l) {
      var id = T[l[0]].id;
      if (!formes[id]) { return; }
      var classe = !lisible(l) ? "q-" + l[3] : effectif ? "k-vide" : "k-" + l[4];
      classer(id, classe + (vus[id] ? "" : " loin"));
      if (effectif && lisible(l) && l[2] > 0 && vus[id]) {
        var cadre = formes[id][0].getBBox();
        var cercle = document.createElementNS("http://www.w3.org/2000/svg", "circle");
        cercle.setAttribute("class", "cercle");
        cercle.setAttribute("cx", cadre.x + cadre.width / 2);
        cercle.setAttribute("cy", cadre.y + cadre.height / 2);
        cercle.setAttribute("r", rayonMax * Math.sqrt(l[2] / maximum));
        formes[id][0].parentNode.appendChild(cercle);
      }
    });
    ecrireLegende(t, lignes, formes, maximum);
  }
  function ecrireLegende(t, lignes, formes, maximum) {
    var liste = trouver("[data-legende]");
    liste.textContent = "";
    if (lissee(t)) { liste.appendChild(element("li", "", t.lissage.split(". ")[0])); }
    function entree(classe, texte, nombre) {
      var li = element("li");
      li.appendChild(element("span", "pastille " + classe));
      li.appendChild(element("span", "", texte + (nombre === undefined ? "" : " · " + nombre + " " + NOMS[echelle.value][nombre > 1 ? 1 : 0])));
      liste.appendChild(li);
    }
    if (t.genre === "effectif") {
      var grande = lignes.filter(function (l) { return l[2] === maximum; })[0];
      if (grande && maximum > 0) { entree("rond", "surface en proportion de l'effectif ; le plus grand cercle : " + grande[1]); }
    } else {
      t.classes[echelle.value].forEach(function (libelle, rang) {
        var nombre = lignes.filter(function (l) { return l[4] === rang; }).length;
        entree("k-" + rang, libelle, nombre);
      });
    }
    var parStatut = {};
    var decrits = {};
    lignes.forEach(function (l) {
      decrits[T[l[0]].id] = true;
      if (!lisible(l)) { parStatut[l[3]] = (parStatut[l[3]] || 0) + 1; }
    });
    Object.keys(formes).forEach(function (id) { if (!decrits[id]) { parStatut.L = (parStatut.L || 0) + 1; } });
    ORDRE_ABSENCES.forEach(function (s) { if (parStatut[s]) { entree("q-" + s, D.absences[s], parStatut[s]); } });
  }

  function ecrireDefinition(t) {
    var dl = trouver("[data-definition]");
    dl.textContent = "";
    [["Définition", t.definition], ["Champ", t.champ], ["Source", t.source], ["Absences", direRaisons(t)], ["Valeurs sans intervalle", sansIntervalle(t)], ["Limites", t.limites.join("\n")]].forEach(function (p) {
      if (!p[1]) { return; }
      var div = element("div");
      div.appendChild(element("dt", "", p[0]));
      div.appendChild(element("dd", "", p[1]));
      dl.appendChild(div);
    });
  }
  function adapterEchelles(t) {
    var possibles = niveauxDe(t);
    Array.prototype.forEach.call(echelle.options, function (o) { o.disabled = possibles.indexOf(o.value) < 0; });
    var lisibles = possibles.filter(function (n) { return t.classes[n].length; });
    if (!choisie && lisibles.length && lisibles.indexOf(voulue) < 0) { echelle.value = lisibles[0]; }
    else if (possibles.indexOf(voulue) < 0) { echelle.value = possibles[0] || echelle.value; }
    else { echelle.value = voulue; }
    zone.querySelectorAll("[data-seulement]").forEach(function (e) {
      e.hidden = e.getAttribute("data-seulement") !== echelle.value;
      if (e.hidden) { dans.value = ""; }
    });
  }
  function actualiser() {
    var t = courante();
    if (!t) { return; }
    adapterEchelles(t);
    var lignes = retenues(t);
    var publiees = lignes.filter(lisible).length;
    trouver("[data-libelle]").textContent = t.libelle;
    trouver("[data-sous-titre]").textContent = t.unite + ", " + t.millesime + (lissee(t) ? ". " + t.lissage : "");
    trouver("[data-legende-tableau]").textContent = t.libelle + ", " + t.millesime;
    var noms = NOMS[echelle.value];
    trouver("[data-etat]").textContent = lignes.length
      ? "Valeur diffusée pour " + publiees + " " + noms[publiees > 1 ? 1 : 0] + " sur " + lignes.length + "."
      : "Aucun territoire ne répond à ces choix.";
    lecture.textContent = "Survolez ou touchez la carte : la valeur s'écrit ici.";
    ecrireDefinition(t);
    ecrireTableau(t, lignes);
    dessiner(t, lignes);
  }

  function montrer(id) {
    var t = courante();
    var ligne = t.lignes.filter(function (l) { return T[l[0]].id === id; })[0];
    var lieu = T.filter(function (x) { return x.id === id; })[0];
    if (!lieu) { return; }
    lecture.textContent = lieu.nom + " : " + (ligne ? imprime(ligne) : D.absences.L) + (ligne && ligne[7] && lissee(t) ? " ; taux lissé : " + ligne[7] : "");
    zone.querySelectorAll("[data-fond]").forEach(function (b) {
      if (!b.hidden) { C.surligner(b.querySelector("svg"), C.formesDe(b)[id]); }
    });
  }
  zone.addEventListener("pointerover", function (e) {
    var cible = e.target.closest && e.target.closest("[data-t]");
    if (cible) { montrer(cible.getAttribute("data-t")); }
  });
  zone.addEventListener("click", function (e) {
    var cible = e.target.closest && e.target.closest("svg [data-t]");
    if (cible) { montrer(cible.getAttribute("data-t")); }
  });

  function champCsv(texte) { return /[;"\n]/.test(texte) ? '"' + texte.replace(/"/g, '""') + '"' : texte; }
  function csv(t, lignes) {
    var tetes = ["code", "territoire", "valeur", "valeur imprimée", "statut", "intervalle", "remarque", "indicateur", "date", "source"].concat(lissee(t) ? ["taux lissé"] : []);
    var corps = lignes.map(function (l) {
      return [T[l[0]].id.replace(/^[A-Z]+-/, ""), T[l[0]].nom, lisible(l) ? String(l[2]).replace(".", ",") : "", imprime(l), l[3], l[5],
        l[6] >= 0 ? t.motifs[l[6]] : "", t.libelle, t.millesime, t.source].concat(lissee(t) ? [l[7] ? String(l[8]).replace(".", ",") : ""] : []).map(champCsv).join(";");
    });
    return "\ufeff" + [tetes.join(";")].concat(corps).join("\r\n") + "\r\n";
  }
  trouver("[data-telecharger]").addEventListener("click", function () {
    var t = courante();
    var lien = document.createElement("a");
    lien.href = URL.createObjectURL(new Blob([csv(t, retenues(t))], { type: "text/csv;charset=utf-8" }));
    lien.download = t.id + "-" + echelle.value.toLowerCase() + ".csv";
    lien.click();
    window.setTimeout(function () { URL.revokeObjectURL(lien.href); }, 0);
  });

  function lireAdresse() {
    var demande = decodeURIComponent(window.location.hash.slice(1));
    if (D.tables.some(function (t) { return t.id === demande; })) { choix.value = demande; }
    actualiser();
  }
  choix.addEventListener("change", function () {
    window.history.replaceState(null, "", "#" + encodeURIComponent(choix.value));
    actualiser();
  });
  echelle.addEventListener("change", function () { voulue = echelle.value; choisie = true; actualiser(); choisie = false; });
  dans.addEventListener("change", actualiser);
  filtre.addEventListener("input", actualiser);
  zone.querySelector("form").addEventListener("submit", function (e) { e.preventDefault(); });
  window.addEventListener("hashchange", lireAdresse);
  lireAdresse();
})();
