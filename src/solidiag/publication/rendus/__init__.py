"""Rendus du modèle de document : PDF, DOCX, ODT, images, et lecture de ce qui est imprimé."""
