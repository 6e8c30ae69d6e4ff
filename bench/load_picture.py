def picture(found): return ""
