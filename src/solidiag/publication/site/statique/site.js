/* Menu, recherche, régions qui défilent, tri des tableaux. Script ordinaire, sans dépendance. */
(function () {
  "use strict";
  var racine = document.currentScript.getAttribute("data-racine") || "";

  function simplifier(texte) {
    return texte.toLowerCase().normalize("NFD").replace(/[\u0300-\u036f]/g, "").replace(/[\u2019'-]/g, " ");
  }

  /* --- menu --- */
  var bouton = document.querySelector("[data-menu]");
  var menu = document.getElementById("menu");
  if (bouton && menu) {
    bouton.hidden = false;
    bouton.addEventListener("click", function () {
      var ouvert = menu.classList.toggle("ouvert");
      bouton.setAttribute("aria-expanded", String(ouvert));
      if (ouvert) { menu.querySelector("a").focus(); }
    });
    menu.addEventListener("keydown", function (e) {
      if (e.key === "Escape" && menu.classList.contains("ouvert")) {
        menu.classList.remove("ouvert");
        bouton.setAttribute("aria-expanded", "false");
        bouton.focus();
      }
    });
  }

  /* --- recherche --- */
  var GENRES = { page: "Page", section: "Section", chiffres: "Indicateur", territoire: "Mon territoire" };
  var zone = document.querySelector("[data-recherche]");
  var repertoire = window.SOLIDIAG_PLAN;
  if (zone && repertoire) {
    var champ = document.getElementById("chercher");
    var boite = document.getElementById("resultats");
    var etat = zone.querySelector("[data-recherche-etat]");
    var cles = repertoire.entrees.map(function (e) { return simplifier(e[0]); });
    zone.hidden = false;
    var fermer = function () { boite.hidden = true; boite.textContent = ""; };
    var chercher = function () {
      var mots = simplifier(champ.value).split(/\s+/).filter(Boolean);
      fermer();
      if (!mots.length || champ.value.trim().length < 2) { etat.textContent = ""; return; }
      var trouves = repertoire.entrees.filter(function (_, i) {
        return mots.every(function (mot) { return cles[i].indexOf(mot) >= 0; });
      });
      var vus = trouves.slice(0, 12);
      if (!vus.length) {
        var rien = document.createElement("p");
        rien.textContent = "Aucun titre ne contient ces mots.";
        boite.appendChild(rien);
      } else {
        var liste = document.createElement("ul");
        vus.forEach(function (e) {
          var li = document.createElement("li");
          var a = document.createElement("a");
          a.href = racine + e[1];
          a.textContent = e[0];
          var genre = document.createElement("span");
          genre.className = "genre";
          genre.textContent = GENRES[e[2]];
          a.appendChild(genre);
          li.appendChild(a);
          liste.appendChild(li);
        });
        boite.appendChild(liste);
      }
      boite.hidden = false;
      etat.textContent = trouves.length
        ? trouves.length + (trouves.length > 1 ? " résultats" : " résultat")
        : "Aucun résultat";
    };
    champ.addEventListener("input", chercher);
    zone.addEventListener("keydown", function (e) {
      var liens = Array.prototype.slice.call(boite.querySelectorAll("a"));
      var rang = liens.indexOf(document.activeElement);
      if (e.key === "Escape") { fermer(); champ.focus(); }
      if (e.key === "ArrowDown" && liens.length) { e.preventDefault(); liens[Math.min(rang + 1, liens.length - 1)].focus(); }
      if (e.key === "ArrowUp" && rang >= 0) { e.preventDefault(); (rang ? liens[rang - 1] : champ).focus(); }
      if (e.key === "Enter" && document.activeElement === champ && liens.length) { e.preventDefault(); liens[0].click(); }
    });
    zone.addEventListener("focusout", function (e) {
      if (!e.relatedTarget || !zone.contains(e.relatedTarget)) { window.setTimeout(fermer, 150); }
    });
  }

  /* --- une région n'est dans l'ordre du clavier que si elle défile --- */
  function ajusterRegions() {
    document.querySelectorAll(".defile").forEach(function (region) {
      var defile = region.scrollWidth > region.clientWidth + 1 || region.scrollHeight > region.clientHeight + 1;
      if (defile || !region.clientWidth) { region.tabIndex = 0; } else { region.removeAttribute("tabindex"); }
    });
  }
  ajusterRegions();
  window.addEventListener("resize", ajusterRegions);
  document.addEventListener("toggle", ajusterRegions, true);

  /* --- tri --- */
  function valeur(cellule) {
    if (!cellule || cellule.querySelector(".absence")) { return null; }
    if (cellule.hasAttribute("data-v")) { return Number(cellule.getAttribute("data-v")); }
    var texte = cellule.textContent.trim();
    if (!texte) { return null; }
    var nombre = texte.replace(/[\s\u00a0\u202f]/g, "").replace(",", ".").replace("−", "-").match(/^[≤<≥>]?(-?\d+(?:\.\d+)?)/);
    return nombre ? Number(nombre[1]) : texte;
  }
  function comparer(a, b, sens) {
    if (a === null || b === null) { return a === b ? 0 : a === null ? 1 : -1; }
    if (typeof a === "number" && typeof b === "number") { return sens * (a - b); }
    return sens * String(a).localeCompare(String(b), "fr", { numeric: true });
  }
  function rendreTriable(table) {
    var entetes = table.tHead.rows[table.tHead.rows.length - 1].cells;
    Array.prototype.forEach.call(entetes, function (th, rang) {
      var tri = document.createElement("button");
      tri.type = "button";
      tri.className = "tri";
      while (th.firstChild) { tri.appendChild(th.firstChild); }
      th.appendChild(tri);
      tri.addEventListener("click", function () {
        var sens = th.getAttribute("aria-sort") === "ascending" ? -1 : 1;
        Array.prototype.forEach.call(entetes, function (autre) { autre.removeAttribute("aria-sort"); });
        th.setAttribute("aria-sort", sens === 1 ? "ascending" : "descending");
        var corps = table.tBodies[table.tBodies.length - 1];
        Array.prototype.slice.call(corps.rows).map(function (ligne, i) {
          return { ligne: ligne, i: i, v: valeur(ligne.cells[rang]) };
        }).sort(function (a, b) { return comparer(a.v, b.v, sens) || a.i - b.i; })
          .forEach(function (x) { corps.appendChild(x.ligne); });
      });
    });
  }
  document.querySelectorAll("table[data-triable]").forEach(rendreTriable);

  /* --- impression : les tableaux repliés s'impriment --- */
  window.addEventListener("beforeprint", function () {
    document.querySelectorAll("details:not([open])").forEach(function (d) { d.open = true; d.dataset.refermer = ""; });
  });
  window.addEventListener("afterprint", function () {
    document.querySelectorAll("details[data-refermer]").forEach(function (d) { d.open = false; delete d.dataset.refermer; });
  });

  window.SolidiagSite = { simplifier: simplifier, comparer: comparer, ajusterRegions: ajusterRegions, racine: racine };
})();
