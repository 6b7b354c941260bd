/* Cartes et graphiques : un territoire survolé, touché ou choisi au clavier se lit sous l'image. */
(function () {
  "use strict";
  function lire(ligne, entetes) {
    var cellules = Array.prototype.slice.call(ligne.cells);
    var morceaux = [];
    cellules.slice(1).forEach(function (cellule, i) {
      var texte = cellule.textContent.trim();
      if (texte) { morceaux.push((entetes[i + 1] ? entetes[i + 1] + " : " : "") + texte); }
    });
    return cellules[0].textContent.trim() + ". " + morceaux.join(" ; ");
  }
  function surligner(svg, cibles) {
    svg.querySelectorAll(".surligne").forEach(function (e) { e.remove(); });
    (cibles || []).forEach(function (cible) {
      var trait = cible.cloneNode(false);
      ["data-t", "id", "style"].forEach(function (nom) { trait.removeAttribute(nom); });
      trait.setAttribute("class", "surligne");
      cible.parentNode.appendChild(trait);
    });
  }
  function formesDe(racine) {
    var formes = {};
    racine.querySelectorAll("svg [data-t]").forEach(function (forme) {
      var id = forme.getAttribute("data-t");
      (formes[id] = formes[id] || []).push(forme);
    });
    return formes;
  }

  document.querySelectorAll("figure[data-valeurs]").forEach(function (figure, rang) {
    var svg = figure.querySelector(".image svg");
    var table = document.getElementById(figure.getAttribute("data-valeurs"));
    if (!svg || !table) { return; }
    var formes = formesDe(figure);
    var lignes = {};
    table.querySelectorAll("tr[data-t]").forEach(function (ligne) {
      if (formes[ligne.getAttribute("data-t")]) { lignes[ligne.getAttribute("data-t")] = ligne; }
    });
    var ids = Object.keys(lignes);
    if (!ids.length) { return; }
    var entetes = Array.prototype.map.call(table.tHead.rows[table.tHead.rows.length - 1].cells, function (th) {
      return th.textContent.trim();
    });

    var outil = document.createElement("div");
    outil.className = "lecture-carte";
    var champ = document.createElement("div");
    champ.className = "champ";
    var etiquette = document.createElement("label");
    var choix = document.createElement("select");
    choix.id = "lecture-" + rang;
    etiquette.htmlFor = choix.id;
    etiquette.textContent = "Lire un territoire de l'image";
    var vide = document.createElement("option");
    vide.value = "";
    vide.textContent = "Choisir…";
    choix.appendChild(vide);
    ids.map(function (id) { return [lignes[id].cells[0].textContent.trim(), id]; })
      .sort(function (a, b) { return a[0].localeCompare(b[0], "fr"); })
      .forEach(function (paire) {
        var option = document.createElement("option");
        option.value = paire[1];
        option.textContent = paire[0];
        choix.appendChild(option);
      });
    var lecture = document.createElement("p");
    lecture.className = "lecture-valeur";
    lecture.setAttribute("role", "status");
    lecture.textContent = "Survolez ou touchez l'image, ou choisissez un nom.";
    champ.appendChild(etiquette);
    champ.appendChild(choix);
    outil.appendChild(champ);
    outil.appendChild(lecture);
    figure.querySelector(".image").insertAdjacentElement("afterend", outil);

    function montrer(id) {
      if (!lignes[id]) { return; }
      lecture.textContent = lire(lignes[id], entetes);
      surligner(svg, formes[id]);
      choix.value = id;
      table.querySelectorAll("tr.vu").forEach(function (l) { l.classList.remove("vu"); });
      lignes[id].classList.add("vu");
    }
    choix.addEventListener("change", function () { montrer(choix.value); });
    ["pointerover", "click"].forEach(function (evenement) {
      svg.addEventListener(evenement, function (e) {
        var forme = e.target.closest && e.target.closest("[data-t]");
        if (forme && svg.contains(forme)) { montrer(forme.getAttribute("data-t")); }
      });
    });
  });

  window.SolidiagCartes = { surligner: surligner, formesDe: formesDe };
})();
