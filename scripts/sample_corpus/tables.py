"""The words of the sample corpus with their translations.

To change the vocabulary, edit these tables.  In an English word, ~ stands for a space.
"""

# Class: gender Spanish English[/English plural], ...; = marks a mass noun.
NOUN_ENTRIES = """
family: m hermano brother, f hermana sister, m padre father, f madre mother, m abuelo grandfather, f abuela grandmother, m hijo son, f hija daughter, m tío uncle, f tía aunt, m primo cousin, f prima cousin, m amigo friend, f amiga friend, m vecino neighbor, f vecina neighbor, m jefe boss, f jefa boss
person: m profesor teacher, f profesora teacher, m médico doctor, f médica doctor, m niño boy, f niña girl, m hombre man/men, f mujer woman/women, m camarero waiter, f camarera waitress, m enfermero nurse, f enfermera nurse, m cocinero cook, f cocinera cook, m abogado lawyer, f abogada lawyer, m turista tourist, m escritor writer, f escritora writer, m alumno student, f alumna student
place: f escuela school, f oficina office, m hospital hospital, m parque park, f playa beach, m mercado market, f biblioteca library, m museo museum, m restaurante restaurant, f estación station, f iglesia church, m banco bank, m hotel hotel, f tienda store, m cine cinema, m teatro theater, m aeropuerto airport, f farmacia pharmacy, f universidad university, f plaza square, f piscina pool
town: f ciudad city, m pueblo village, f isla island, m país country
room: m jardín garden, f cocina kitchen, f habitación room, m salón living~room, m garaje garage, m baño bathroom
reading: m libro book, f carta letter, m periódico newspaper, f novela novel, f revista magazine, m poema poem, m mensaje message, m cuento short~story
furniture: f mesa table, f silla chair, f cama bed, f lámpara lamp, m sofá sofa, m armario closet
device: m teléfono phone, m ordenador computer, m reloj watch, f radio radio, f cámara camera
vehicle: m coche car, f bicicleta bicycle, f moto motorcycle, m barco boat, m camión truck
opening: f puerta door, f ventana window, f caja box, f maleta suitcase, f botella bottle
thing: f llave key, m vaso glass, m plato plate, m cuchillo knife/knives, m paraguas umbrella, m regalo present, m billete ticket, m mapa map, f pelota ball, m juguete toy, m lápiz pencil, m cuaderno notebook, f flor flower, m bolso bag
clothing: f camisa shirt, m vestido dress, m abrigo coat, m sombrero hat, f falda skirt, f chaqueta jacket, f bufanda scarf/scarves
food: m pan bread=, m queso cheese=, f carne meat=, m pescado fish=, m arroz rice=, f sopa soup=, f ensalada salad, f manzana apple, f naranja orange, m plátano banana, m tomate tomato/tomatoes, m huevo egg, m pastel cake, m bocadillo sandwich, m helado ice~cream=, f patata potato/potatoes, f fruta fruit=
drink: f leche milk=, m café coffee=, m té tea=, m vino wine=, f cerveza beer=, m zumo juice=
animal: m perro dog, m gato cat, m caballo horse, m pájaro bird, f vaca cow, m conejo rabbit, f gallina hen, m ratón mouse/mice
art: f canción song, f película movie, f foto photo, m cuadro painting, m dibujo drawing
music: f guitarra guitar, m piano piano, m violín violin, f flauta flute
study: m español Spanish=, m inglés English=, m francés French=, m italiano Italian=, m alemán German=, f historia history=, f música music=, f química chemistry=
matter: m problema problem, f pregunta question, f respuesta answer, f idea idea, f palabra word, f lección lesson, m ejercicio exercise
event: f reunión meeting, f fiesta party, f clase class, m concierto concert, m examen exam, m partido match, m curso course
building: m puente bridge, f casa house, m edificio building, f torre tower, m piso apartment
nature: m árbol tree, m río river, m lago lake, f montaña mountain, m bosque forest
"""

# Class: Spanish adjective (masculine singular) English adjective, ...
ADJECTIVE_ENTRIES = """
size: grande big, pequeño small
color: rojo red, blanco white, negro black, azul blue, verde green, amarillo yellow, gris gray, marrón brown
fur: blanco white, negro black, gris gray, marrón brown
thing: nuevo new, viejo old, bonito pretty, caro expensive, barato cheap
text: interesante interesting, aburrido boring, largo long, corto short, nuevo new
art: interesante interesting, bonito pretty, nuevo new, viejo old, famoso famous
matter: difícil difficult, fácil easy, importante important, interesante interesting
event: importante important, interesante interesting, largo long
food: delicioso delicious, fresco fresh
drink: delicioso delicious, frío cold
place: tranquilo quiet, famoso famous
building: moderno modern, antiguo ancient
nature: alto tall, viejo old
attribute: joven young, simpático nice, amable kind, nuevo new, español Spanish, francés French
person: alto tall, joven young, inteligente intelligent, simpático nice, amable kind, rico rich, pobre poor, fuerte strong, trabajador hard-working, tímido shy, guapo good-looking, divertido funny
mood: feliz happy, triste sad, cansado tired, enfermo sick, enfadado angry, ocupado busy, nervioso nervous, preocupado worried, listo ready, solo alone, aburrido bored, tranquilo calm
state: abierto open, cerrado closed, vacío empty, lleno full, roto broken, sucio dirty, limpio clean
origin: español Spanish, francés French, italiano Italian, alemán German, inglés English, mexicano Mexican
"""

# Class of nouns: the classes of adjectives that can modify these nouns.
ADJECTIVES_OF = {
    "person": ("attribute",), "place": ("size", "place"), "town": ("size", "place"), "room": ("size",), "reading": ("text",),
    "furniture": ("size", "color", "thing"), "device": ("thing", "color"), "vehicle": ("thing", "color"), "opening": ("size",),
    "thing": ("thing",), "clothing": ("color", "thing"), "food": ("food",), "drink": ("drink",), "animal": ("size", "fur"),
    "art": ("art",), "music": ("thing",), "matter": ("matter",), "event": ("event",), "building": ("size", "building"),
}  # fmt: skip

# Spanish English[/past/participle] | objects | irregular Spanish forms.
# An exclamation mark after the Spanish infinitive marks a stative verb.  An object is a noun, or a class of nouns with @.
# Keys of the irregular forms:
#   stem    vowel change of the stem in the present: ie, ue or i
#   accent  accented last vowel of the stem in the present
#   vowel   y: the stem ends with a vowel, so i becomes y between vowels
#   yo      first person singular of the present
#   pres2   second person plural of the present
#   past    stem of the strong preterite
#   future  stem of future and conditional
#   pp, ger, tu              participle, gerund, imperative
#   pres, imp, past6, sub    all six forms of present, imperfect, preterite, subjunctive
TRANSITIVE_ENTRIES = """
leer read/read/read | @reading | vowel=y
escribir write/wrote/written | carta novela poema mensaje cuento libro | pp=escrito
comprar buy/bought/bought | @reading @furniture @device @vehicle @thing @clothing @food @drink @music |
vender sell/sold/sold | @vehicle @device @furniture casa piso guitarra cuadro flor queso pescado |
comer eat/ate/eaten | @food |
beber drink/drank/drunk | @drink |
cocinar cook | carne pescado arroz sopa patata huevo |
preparar prepare | ensalada sopa bocadillo lección fiesta reunión examen |
buscar look~for | llave libro teléfono gato perro bolso reloj paraguas hotel restaurante farmacia mapa |
encontrar find/found/found | llave libro teléfono gato perro bolso reloj paraguas hotel mapa respuesta | stem=ue
mirar look~at | foto cuadro mapa dibujo flor pájaro árbol río montaña reloj |
escuchar listen~to | canción radio concierto música |
necesitar! need | @thing @device coche bicicleta abrigo mesa silla |
usar use | ordenador teléfono cámara mapa cuchillo coche bicicleta lápiz |
llevar wear/wore/worn | @clothing |
ganar win/won/won | partido |
pagar pay~for/paid~for/paid~for | billete café cerveza hotel curso |
cerrar close | puerta ventana caja maleta botella tienda | stem=ie
abrir open | puerta ventana caja maleta botella carta regalo | pp=abierto
empezar start | reunión clase curso libro novela examen lección | stem=ie
terminar finish | ejercicio libro examen lección carta dibujo |
olvidar forget/forgot/forgotten | llave paraguas billete palabra teléfono bolso |
recordar remember | canción palabra lección pregunta respuesta | stem=ue
limpiar clean | cocina baño mesa ventana garaje coche habitación salón |
lavar wash | plato vaso coche camisa vestido falda fruta |
cortar cut/cut/cut | pan queso carne tomate pastel patata |
pintar paint | casa puerta cuadro mesa silla ventana barco |
dibujar draw/drew/drawn | casa gato caballo árbol flor mapa pájaro puente |
explicar explain | lección problema ejercicio idea palabra |
entender! understand/understood/understood | lección problema pregunta respuesta palabra idea película | stem=ie
contestar answer | pregunta carta mensaje |
tocar play | @music |
estudiar study | @study lección |
aprender learn | español inglés francés italiano alemán palabra canción lección |
hablar speak/spoke/spoken | español inglés francés italiano alemán |
enseñar teach/taught/taught | español inglés francés historia química música |
enviar send/sent/sent | carta mensaje regalo foto | accent=í
recibir receive | carta mensaje regalo foto respuesta |
perder lose/lost/lost | llave bolso teléfono paraguas billete reloj partido | stem=ie
romper break/broke/broken | vaso plato ventana botella lámpara silla juguete | pp=roto
pedir order | café té cerveza vino sopa ensalada pescado pastel | stem=i
servir serve | café té vino sopa pescado carne | stem=i
repetir repeat | palabra pregunta ejercicio lección respuesta | stem=i
traer bring/brought/brought | pan vino pastel silla regalo café fruta flor | yo=traigo past=traj pp=traído ger=trayendo
hacer make/made/made | pastel café ensalada sopa bocadillo pan | yo=hago past=hic future=har pp=hecho tu=haz
ver watch | película partido concierto pájaro | yo=veo imp=veía,veías,veía,veíamos,veíais,veían past6=vi,viste,vio,vimos,visteis,vieron pp=visto pres2=veis
conducir drive/drove/driven | coche moto camión | yo=conduzco past=conduj
reparar repair | coche bicicleta ordenador radio silla puerta reloj barco |
alquilar rent | coche casa piso barco bicicleta habitación |
construir build/built/built | casa puente torre barco | yo=construyo pres=construyo,construyes,construye,construimos,construís,construyen past6=construí,construiste,construyó,construimos,construisteis,construyeron ger=construyendo
tener! have/had/had | coche perro gato bicicleta casa ordenador guitarra idea problema pregunta | yo=tengo stem=ie past=tuv future=tendr tu=ten
"""

WITH_PERSON_ENTRIES = """
ayudar help | |
llamar call | |
visitar visit | |
esperar wait~for | |
invitar invite | |
buscar look~for | |
ver see/saw/seen | | yo=veo imp=veía,veías,veía,veíamos,veíais,veían past6=vi,viste,vio,vimos,visteis,vieron pp=visto pres2=veis
conocer! know/knew/known | | yo=conozco
escuchar listen~to | |
"""

# The second column lists the adverbials that fit the verb: to (a place), to_city, city, with (a person), time, hour;
# a noun is the place of the action.
INTRANSITIVE_ENTRIES = """
trabajar work | hospital oficina banco hotel tienda restaurante museo escuela farmacia aeropuerto with time |
vivir live | city |
viajar travel | to_city with time |
caminar walk | to with time |
correr run/ran/run | parque playa with time |
nadar swim/swam/swum | piscina lago río with time |
bailar dance | plaza hotel playa with time |
cantar sing/sang/sung | iglesia teatro baño with time |
llegar arrive | time hour |
descansar rest | jardín parque playa hotel salón time |
dormir sleep/slept/slept | habitación salón hotel time | stem=ue
salir go~out/went~out/gone~out | with time hour | yo=salgo future=saldr tu=sal
volver come~back/came~back/come~back | time hour | stem=ue pp=vuelto
venir come/came/come | with time hour | yo=vengo stem=ie past=vin future=vendr tu=ven ger=viniendo
ir go/went/gone | to to time | pres=voy,vas,va,vamos,vais,van imp=iba,ibas,iba,íbamos,ibais,iban past6=fui,fuiste,fue,fuimos,fuisteis,fueron sub=vaya,vayas,vaya,vayamos,vayáis,vayan ger=yendo tu=ve
cenar have~dinner/had~dinner/had~dinner | restaurante hotel jardín with time hour |
desayunar have~breakfast/had~breakfast/had~breakfast | hotel cocina jardín with time hour |
jugar play | parque jardín playa plaza with time | stem=ue
esperar wait | estación aeropuerto plaza hotel |
llorar cry | time habitación |
"""

AUXILIARY_ENTRIES = """
ser be/was/been | | pres=soy,eres,es,somos,sois,son imp=era,eras,era,éramos,erais,eran past6=fui,fuiste,fue,fuimos,fuisteis,fueron sub=sea,seas,sea,seamos,seáis,sean tu=sé
estar be/was/been | | pres=estoy,estás,está,estamos,estáis,están past=estuv sub=esté,estés,esté,estemos,estéis,estén
haber have/had/had | | pres=he,has,ha,hemos,habéis,han past=hub future=habr
poder be~able/was~able/been~able | | stem=ue past=pud future=podr ger=pudiendo
querer want~to/wanted~to/wanted~to | | stem=ie past=quis future=querr
deber have~to/had~to/had~to | |
preferir prefer~to/preferred~to/preferred~to | | stem=ie
dar give/gave/given | | yo=doy past6=di,diste,dio,dimos,disteis,dieron sub=dé,des,dé,demos,deis,den pres2=dais
"""

PREPOSITIONS = (
    "en on",
    "debajo de under",
    "al lado de next~to",
    "detrás de behind",
    "delante de in~front~of",
    "cerca de near",
)

MEN = ("Juan", "Pedro", "Carlos", "Luis", "Miguel", "Javier", "Pablo")
WOMEN = ("María", "Ana", "Lucía", "Carmen", "Elena", "Laura", "Marta")

CITIES = (
    ("Madrid", "Madrid"), ("Barcelona", "Barcelona"), ("Sevilla", "Seville"), ("Londres", "London"), ("París", "Paris"),
    ("Roma", "Rome"), ("Lisboa", "Lisbon"), ("Berlín", "Berlin"), ("Nueva York", "New York"), ("Buenos Aires", "Buenos Aires"),
)  # fmt: skip

DAYS = (
    ("lunes", "Monday"), ("martes", "Tuesday"), ("miércoles", "Wednesday"), ("jueves", "Thursday"), ("viernes", "Friday"),
    ("sábado", "Saturday"), ("domingo", "Sunday"),
)  # fmt: skip

MONTHS = (
    ("enero", "January"), ("febrero", "February"), ("marzo", "March"), ("abril", "April"), ("mayo", "May"), ("junio", "June"),
    ("julio", "July"), ("agosto", "August"), ("septiembre", "September"), ("octubre", "October"), ("noviembre", "November"),
    ("diciembre", "December"),
)  # fmt: skip

_SPANISH_NUMBERS = """
dos tres cuatro cinco seis siete ocho nueve diez once doce trece catorce quince dieciséis diecisiete dieciocho diecinueve veinte treinta
cuarenta cincuenta sesenta setenta ochenta noventa cien
"""
_ENGLISH_NUMBERS = """
two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen twenty thirty
forty fifty sixty seventy eighty ninety one~hundred
"""
NUMBERS = tuple(
    (es, en.replace("~", " ")) for es, en in zip(_SPANISH_NUMBERS.split(), _ENGLISH_NUMBERS.split(), strict=True)
)

# Tense: (Spanish, English) time adverbials that fit the tense.
TIMES = {
    "present": (("todos los días", "every day"), ("por la mañana", "in the morning"), ("por la tarde", "in the afternoon"),
                ("por la noche", "at night"), ("los domingos", "on Sundays")),
    "imperfect": (("todos los días", "every day"), ("los fines de semana", "on weekends"), ("en verano", "in summer"),
                  ("en invierno", "in winter"), ("por la tarde", "in the afternoon")),
    "preterite": (("ayer", "yesterday"), ("anoche", "last night"), ("la semana pasada", "last week"), ("el año pasado", "last year"),
                  ("el mes pasado", "last month"), ("hace dos días", "two days ago"), ("ayer por la tarde", "yesterday afternoon")),
    "future": (("mañana", "tomorrow"), ("esta noche", "tonight"), ("la semana que viene", "next week"),
               ("el mes que viene", "next month"), ("mañana por la mañana", "tomorrow morning")),
    "perfect": (("hoy", "today"), ("esta mañana", "this morning"), ("esta semana", "this week")),
    "progressive": (("ahora", "now"), ("en este momento", "at the moment")),
    "conditional": (("en verano", "in summer"), ("en invierno", "in winter"), ("el fin de semana", "on the weekend")),
}  # fmt: skip
TIMES["going to"] = TIMES["future"]
