// The words of the window in French.
import type { Words } from './words';

export const fr: Words = {
  situations: {
    audioOff: { label: 'Activer le micro', hint: 'D’ici là, vous pouvez écouter, mais pas parler.' },
    noMic: {
      label: 'Aucun micro',
      hint: 'Branchez-en un ou choisissez-en un autre, puis appuyez pour réessayer.',
    },
    silentMic: {
      label: 'Micro silencieux',
      hint: 'Il ne capte rien : est-il coupé, par un bouton ou par le système ? Vous pourrez parler dès qu’il captera un son.',
    },
    connecting: { label: 'Connexion', hint: 'Échange des clés et recherche d’un chemin vers les autres.' },
    alone: { label: 'Personne d’autre ici', hint: 'Invitez quelqu’un. Vous pourrez parler dès son arrivée.' },
    idle: {
      label: 'Maintenir pour parler',
      hint: 'Maintenez le bouton ou la barre d’espace. Relâchez quand vous avez fini.',
    },
    requesting: { label: 'Un instant', hint: 'Continuez à maintenir et parlez : le début est conservé.' },
    talking: { label: 'À l’antenne', hint: 'Parlez. Relâchez quand vous avez fini.' },
    queued: {
      label: 'En attente',
      hint: 'Continuez à maintenir : vous parlerez à votre tour. Relâchez pour y renoncer.',
    },
    busy: {
      label: 'Occupé',
      hint: '{name} parle. Relâchez, et appuyez de nouveau quand le canal sera libre.',
    },
    revoked: { label: 'Parole interrompue', hint: 'Relâchez, puis appuyez de nouveau.' },
    receiving: { label: 'À l’écoute', hint: '{name} parle. Vous pourrez parler quand le canal sera libre.' },
    offline: {
      label: 'Personne de joignable',
      hint: 'Personne ne répond dans le salon, et le salon est fermé. Quittez-le, puis rejoignez-le.',
    },
    reconnecting: {
      label: 'Reconnexion',
      hint: 'Personne ne répond dans le salon. La recherche continue ; vous n’avez rien à faire.',
    },
    deafened: {
      label: 'Vous n’entendez personne',
      hint: 'Appuyez pour entendre de nouveau. D’ici là votre micro est éteint, et les autres le voient.',
    },
    keyMismatch: {
      label: 'Parole désactivée',
      hint: 'Les clés de {name} ne correspondent pas. Rien n’est envoyé. Quittez le salon et créez-en un nouveau.',
    },
  },
  revoked: {
    limit: 'Votre temps de parole est écoulé. Relâchez, laissez parler les autres, puis appuyez de nouveau.',
    collision:
      'Quelqu’un d’autre a été plus rapide. Relâchez, et appuyez de nouveau quand le canal sera libre.',
    arbiterLost: 'La personne qui vous a donné la parole n’est plus là. Relâchez, puis appuyez de nouveau.',
    silence:
      'Aucune voix n’est venue de votre micro. Relâchez, vérifiez-le dans les réglages, puis appuyez de nouveau.',
    preempted: 'L’hôte a quelque chose à dire. Relâchez, et appuyez de nouveau quand le canal sera libre.',
    mode: 'L’hôte a changé qui peut parler. Relâchez, puis appuyez de nouveau.',
  },
  steps: {
    looking: 'Recherche du salon sur ce réseau',
    startingServer: 'Démarrage du serveur sur cet ordinateur',
    connecting: 'Connexion au serveur',
    proving: 'Une personne du salon vérifie votre invitation',
    joining: 'Entrée dans le salon',
  },
  links: {
    own: 'Vous',
    connecting: 'Connexion…',
    ready: 'En ligne',
    lost: 'Sans réponse',
    mismatch: 'Clés non conformes',
    blocked: 'Bloqué par vous',
  },
  languages: {
    system: 'Comme le système',
    en: 'English',
    fr: 'Français',
    ar: 'العربية',
  },
  themes: {
    system: 'Système',
    light: 'Clair',
    dark: 'Sombre',
  },
  modes: {
    radio: {
      label: 'Une personne à la fois',
      hint: 'Comme au talkie-walkie : qui appuie en premier prend le canal.',
    },
    open: {
      label: 'Tout le monde à la fois',
      hint: 'Comme autour d’une table : on entend toutes les personnes qui maintiennent le bouton.',
    },
  },
  checks: {
    idle: '« S’écouter » enregistre trois secondes en mémoire, vous les fait entendre, puis les oublie.',
    testSound: 'Vous devriez entendre trois sons de plus en plus aigus.',
    recording: 'Dites quelque chose : le micro est ouvert pendant trois secondes.',
    playingBack: 'C’est ainsi que les autres vous entendent.',
  },
  doors: {
    open: { label: 'Toute personne ayant le code ou le lien', hint: 'Le code affiché sous « Inviter ».' },
    pin: {
      label: 'Seulement avec un code PIN en plus',
      hint: 'Transmettez le code PIN par un autre moyen que le lien.',
    },
    locked: { label: 'Personne', hint: 'Les personnes déjà présentes restent.' },
  },
  talkModes: {
    hold: { label: 'Maintenir pour parler', hint: 'Avec le bouton ou la barre d’espace.' },
    voice: {
      label: 'Il suffit de parler',
      hint: 'Votre voix aussi maintient le bouton, tant que vous parlez.',
    },
  },
  echo: {
    auto: {
      label: 'Si nécessaire',
      hint: 'Quand tout le monde peut parler à la fois, sauf si vous utilisez un casque.',
    },
    on: { label: 'Toujours', hint: 'On vous entend 9 ms plus tard.' },
    off: { label: 'Jamais', hint: 'Idéal avec un casque.' },
  },
  cues: {
    permit: { label: 'Vous pouvez parler', hint: 'Un double gazouillis.' },
    busy: { label: 'Vous ne pouvez pas parler, ou plus', hint: 'Un son grave.' },
    free: { label: 'Le canal est libre', hint: 'Un seul bip.' },
    limit: { label: 'Votre temps de parole s’achève', hint: 'Deux bips courts.' },
    network: {
      label: 'Connexion établie, ou personne de joignable',
      hint: 'Trois bips, montants ou descendants.',
    },
    whisper: { label: 'Quelqu’un vous parle en chuchotant', hint: 'Un double gazouillis grave.' },
  },
  manners: {
    closeToTray: {
      label: 'Rester dans la zone de notification quand la fenêtre est fermée',
      hint: 'Vous restez dans votre salon. Pour arrêter PushTalk, choisissez Quitter dans cette zone.',
    },
    startAtLogin: {
      label: 'Démarrer à l’ouverture de session',
      hint: 'Dans la zone de notification, dans aucun salon, sans aucun micro ouvert.',
    },
    notify: {
      label: 'Me prévenir',
      hint: 'Quand quelqu’un arrive ou lève la main alors que la fenêtre est à l’arrière-plan. Les noms ne sont jamais affichés.',
    },
    quiet: { label: 'Silencieux', hint: 'Ni sons ni notifications. Vous entendez toujours les personnes.' },
  },
  contacts: {
    server: 'Le serveur du salon, pour se trouver',
    stun: 'Le même serveur, pour savoir sous quelle adresse vous êtes vu',
    member: 'Un membre, pour la voix',
    neighbours: 'Votre propre réseau, pour trouver des salons ou être trouvé',
  },
  errors: {
    notAnInvitation: {
      what: 'Ceci n’est ni un code ni un lien complet.',
      todo: 'Un code a neuf caractères, comme 7K0-1QP-XY2. Un lien commence par pushtalk:// et doit être copié en entier.',
    },
    serverNeeded: {
      what: 'Aucun salon avec ce code n’a été trouvé sur ce réseau.',
      todo: 'Est-il ouvert, et les deux appareils sont-ils sur le même réseau ? Sinon, saisissez l’adresse du serveur que l’hôte voit sous le code, ou utilisez le lien.',
    },
    badKey: {
      what: 'Cette touche ne peut pas être associée : {about}.',
      todo: 'Elle a déjà un rôle, ou PushTalk ne la connaît pas. Choisissez-en une autre.',
      about: 'la touche',
    },
    nobodyToWhisperTo: {
      what: 'Personne n’est là pour entendre votre chuchotement.',
      todo: 'Choisissez quelqu’un : appuyez sur un nom parmi les participants et cochez « Entend mes chuchotements ».',
    },
    badServer: {
      what: 'Cette adresse de serveur est illisible.',
      todo: 'Écrivez l’adresse et le port, comme 192.168.1.20:7300.',
    },
    badName: {
      what: 'Ce nom ne peut pas être utilisé.',
      todo: 'Utilisez de 1 à 32 caractères ordinaires.',
    },
    wrongCode: {
      what: 'Le code ou le lien est incorrect, ou n’est plus valable.',
      todo: 'Comparez chaque caractère avec l’hôte, ou demandez une nouvelle invitation. Après cinq essais incorrects, un code est désactivé.',
    },
    otherVersion: {
      what: 'L’autre côté utilise une version différente ({about}).',
      todo: 'Il faut la même des deux côtés : mettez à jour la plus ancienne.',
      about: 'inconnue',
    },
    serverUnreachable: {
      what: 'Personne ne répond à l’adresse du serveur.',
      todo: 'L’adresse est-elle juste, l’application de l’hôte encore ouverte et cet appareil en ligne ?',
    },
    serverKeptApart: {
      what: 'L’hôte est sur votre réseau, mais ne répond pas.',
      todo: 'L’application de l’hôte est-elle encore ouverte ? Les réseaux pour invités et certains routeurs isolent les appareils : utilisez l’autre Wi-Fi, ou le partage de connexion d’un téléphone. Le pare-feu de l’ordinateur de l’hôte doit peut-être aussi laisser passer PushTalk.',
    },
    serverOnOtherNetwork: {
      what: 'L’hôte est sur un autre réseau que vous.',
      todo: 'Rejoignez le même réseau, Wi-Fi ou câblé, et quittez les VPN. Ou demandez à l’hôte d’utiliser un serveur sur Internet.',
    },
    serverFull: {
      what: 'Le serveur est complet.',
      todo: 'Réessayez dans une minute, ou hébergez vous-même un salon.',
    },
    serverUnready: {
      what: 'Les serveurs n’arrivent pas à se joindre.',
      todo: 'Le salon est sur un autre serveur, qui ne répond pas. Réessayez dans un instant.',
    },
    wrongCertificate: {
      what: 'Ce serveur n’est pas celui de l’invitation.',
      todo: 'Quelqu’un s’est peut-être interposé. Ni votre nom ni le code n’ont été envoyés. Demandez à l’hôte une nouvelle invitation, de préférence en personne.',
    },
    notAvailable: {
      what: 'Le serveur ne vous laisse pas entrer.',
      todo: 'Le salon n’existe plus ou est complet. Demandez à l’hôte s’il est encore ouvert.',
    },
    nobodyAnswered: {
      what: 'Personne n’a répondu dans le salon.',
      todo: 'Demandez à l’hôte de garder l’application ouverte, puis réessayez.',
    },
    serverGone: {
      what: 'Le serveur n’est plus là.',
      todo: 'Les personnes présentes dans le salon continuent à se parler. Personne d’autre ne peut entrer tant qu’il n’y a pas de serveur.',
    },
    cannotHost: {
      what: 'Cet ordinateur n’a pas pu héberger de salon.',
      todo: 'Un autre programme utilise peut-être l’adresse. Fermez-le, ou relancez PushTalk.',
    },
    noMicrophone: {
      what: 'Aucun micro n’a été trouvé.',
      todo: 'Branchez-en un, puis appuyez sur le bouton de parole. Vous pouvez écouter sans micro.',
    },
    noOutput: {
      what: 'Aucun haut-parleur n’a été trouvé.',
      todo: 'Branchez un casque ou un haut-parleur, ou choisissez-en un autre dans les réglages.',
    },
    microphoneBlocked: {
      what: 'Le système n’autorise pas l’accès au micro.',
      todo: 'Autorisez-le dans les réglages de confidentialité du système, puis appuyez sur le bouton de parole.',
    },
    deviceMissing: {
      what: '{about} est introuvable.',
      todo: 'Branchez cet appareil, ou choisissez-en un autre dans les réglages.',
      about: 'L’appareil choisi',
    },
    microphoneGone: {
      what: '{about} n’est plus là, et il n’y a pas d’autre micro.',
      todo: 'Rebranchez-le : il sera utilisé dès son retour.',
      about: 'Le micro',
    },
    microphoneGoneTalking: {
      what: '{about} a disparu pendant que vous parliez.',
      todo: 'La suite de vos paroles n’a pas été envoyée. Rebranchez-le, puis répétez-la.',
      about: 'Le micro',
    },
    microphoneReplaced: {
      what: '{about} est introuvable. Votre voix passe maintenant par {instead}.',
      todo: 'Il sera repris dès son retour. Pour garder l’autre, choisissez-le dans les réglages.',
      about: 'Le micro',
    },
    bluetoothMicrophone: {
      what: '{about} passe par Bluetooth : tant que ce micro est ouvert, le casque a le son d’un téléphone.',
      todo: 'Choisissez un autre micro dans les réglages, ou n’ouvrez celui-ci que quand vous maintenez le bouton.',
      about: 'Le micro',
    },
    microphoneSilent: {
      what: 'Aucun son ne vient de {about}.',
      todo: 'Personne ne vous entendrait, donc vous ne passez pas à l’antenne. Le micro est-il coupé, par son propre bouton ou dans les réglages de son du système ?',
      about: 'votre micro',
    },
    outputGone: {
      what: '{about} n’est plus là, et il n’y a pas d’autre haut-parleur.',
      todo: 'Rebranchez-le : il sera utilisé dès son retour.',
      about: 'Le haut-parleur',
    },
    outputReplaced: {
      what: '{about} est introuvable. Le son passe maintenant par {instead}.',
      todo: 'Il sera repris dès son retour. Pour garder l’autre, choisissez-le dans les réglages.',
      about: 'Le haut-parleur',
    },
    cannotConnect: {
      what: 'La connexion avec {about} a échoué.',
      todo: 'Un pare-feu ou un réseau pour invités fait peut-être obstacle. En général, être sur le même réseau aide.',
      about: 'une personne',
    },
    cannotConnectSecurely: {
      what: 'La connexion sécurisée avec {about} a échoué.',
      todo: 'Les clés ne correspondent pas : rien n’est envoyé à cette personne, et vous n’entendez rien de sa part. Quittez le salon, puis invitez-la de nouveau par un moyen fiable.',
      about: 'une personne',
    },
    roomCloses: {
      what: 'Le serveur fermera ce salon dans {about} minutes.',
      todo: 'Vous pourrez continuer à parler, mais plus personne ne pourra entrer. Pour continuer plus longtemps, hébergez un nouveau salon.',
      about: 'quelques',
    },
    roomClosed: {
      what: 'Le salon a été fermé.',
      todo: 'Tout le monde est parti, ou le temps du salon était écoulé. Hébergez-en un nouveau, ou demandez une nouvelle invitation.',
    },
    codeRetired: {
      what: 'Ce code n’est plus valable.',
      todo: 'Trop de codes incorrects ont été essayés. Demandez un nouveau code à l’hôte.',
    },
    pinNeeded: {
      what: 'Ce salon a un code PIN.',
      todo: 'Demandez-le à l’hôte, saisissez-le sous le code ou le lien, puis appuyez sur « Rejoindre ».',
    },
    pinUnneeded: {
      what: 'Ce salon n’a pas de code PIN, ou n’en a plus.',
      todo: 'Appuyez de nouveau sur « Rejoindre » : le code PIN ne sera pas utilisé.',
    },
    wrongPin: {
      what: 'Le code du salon ou le code PIN est incorrect. Essais restants : {about}.',
      todo: 'Comparez les deux avec l’hôte avant le prochain essai. Quand il n’en restera plus, l’hôte devra créer un nouveau code.',
      about: 'nombre inconnu',
    },
    badPin: {
      what: 'Ce code PIN ne peut pas être utilisé.',
      todo: 'Un code PIN a de 4 à 12 chiffres et rien d’autre.',
    },
    roomLocked: {
      what: 'Le salon est verrouillé.',
      todo: 'Personne ne peut entrer. Demandez à l’hôte de le déverrouiller, et de vous donner le nouveau code ou lien.',
    },
    removed: {
      what: 'L’hôte vous a fait sortir du salon.',
      todo: 'Ce qui s’y dit désormais ne vous parvient plus. Si c’était une erreur, demandez une nouvelle invitation à l’hôte.',
    },
    codeGuessed: {
      what: 'Quelqu’un a essayé trop de codes incorrects.',
      todo: 'Le code est désormais désactivé. Créez-en un nouveau, et ne le donnez qu’aux personnes que vous voulez ici.',
    },
    hostChanged: {
      what: '{about} est maintenant l’hôte.',
      todo: 'Adressez-vous à cette personne pour faire sortir quelqu’un, verrouiller le salon ou créer un nouveau code.',
      about: 'Quelqu’un d’autre',
    },
    youAreHost: {
      what: 'Vous êtes maintenant l’hôte.',
      todo: 'Appuyez sur « Salon » pour le verrouiller ou choisir qui peut parler, et sur une personne pour la faire sortir.',
    },
    networkMissing: {
      what: 'Le réseau {about} est introuvable.',
      todo: 'Connectez-vous à ce réseau, ou choisissez-en un autre sous « Héberger sur ».',
      about: 'choisi',
    },
    nowServing: {
      what: 'Le serveur du salon fonctionne maintenant sur cet appareil : la personne qui l’avait est partie.',
      todo: 'Les autres entrent avec le lien et le code affichés sous « Inviter » ; les précédents ne mènent peut-être nulle part.',
    },
    hostLost: {
      what: 'L’hôte n’est plus là.',
      todo: 'Vous pouvez continuer à parler. Jusqu’à son retour, personne ne peut verrouiller le salon, faire sortir quelqu’un ou créer un nouveau code ; si c’est nécessaire, créez un nouveau salon.',
    },
    emojiDiffer: {
      what: 'Ce que vous avez comparé avec {about} diffère : quelqu’un s’est peut-être interposé.',
      todo: 'Rien n’est envoyé à cette personne, et vous n’entendez rien de sa part. Quittez le salon, puis invitez-la de nouveau par un moyen fiable, de préférence en personne.',
      about: 'une personne',
    },
    verifyingEnded: {
      what: '{about} ne compare pas pour le moment.',
      todo: 'Demandez-lui si c’est le bon moment, puis recommencez.',
      about: 'L’autre personne',
    },
    preferencesUnreadable: {
      what: 'Vos réglages n’ont pas pu être lus.',
      todo: 'Tout a repris sa valeur par défaut. Refaites vos choix dans les réglages.',
    },
    preferencesNotStored: {
      what: 'Vos réglages n’ont pas pu être enregistrés.',
      todo: 'Ils restent valables jusqu’à la fermeture de l’application. Le disque est-il plein ?',
    },
    startAtLoginFailed: {
      what: 'Le démarrage à l’ouverture de session n’a pas pu être changé.',
      todo: 'Le système ne le permet pas. Tout le reste fonctionne ; démarrez PushTalk vous-même.',
    },
  },
  app: {
    name: 'PushTalk',
    promise:
      'Maintenez un bouton, et quelques personnes vous entendent. Chiffré de bout en bout. Sans compte.',
    opening: 'Ouverture…',
    onlyInTheApp: 'Ceci est la fenêtre de PushTalk. Pour l’ouvrir, lancez l’application.',
    version: 'Version {version}',
    close: 'Fermer',
  },
  home: {
    you: 'Votre nom',
    youHint: 'Seules les personnes du salon le voient.',
    youMissing: 'Saisissez d’abord un nom : les autres veulent savoir qui parle.',
    join: 'Rejoindre un salon',
    joinHint: 'Quelqu’un vous a envoyé un lien, ou vous dicte un code.',
    invitation: 'Code ou lien',
    invitationExample: 'XXX-XXX-XXX ou pushtalk://…',
    invitationMissing: 'Collez d’abord le lien ou saisissez le code.',
    server: 'Adresse du serveur',
    serverKept: 'Saisissez le code que l’hôte donne aujourd’hui. Le serveur est {server}.',
    nearby: 'Salons de ce réseau :',
    nearbyPick: 'Salon {nameplate} : saisissez la suite de son code',
    serverHint: 'L’hôte la voit sous le code.',
    serverOrNearby: 'Inutile pour un salon de ce réseau. Sinon, l’hôte la voit sous le code.',
    serverMissing: 'Saisissez l’adresse que l’hôte voit sous le code.',
    pin: 'Code PIN',
    pinHint: 'L’hôte le connaît.',
    pinMissing: 'Saisissez de 4 à 12 chiffres.',
    joinPress: 'Rejoindre',
    leadsTo: 'Mène au salon {nameplate} sur :',
    leadsToCode: 'Code {code}',
    pinned: 'Seul le serveur indiqué dans le lien est accepté.',
    notPinned: 'Le serveur est vérifié à l’aide des certificats de votre système.',
    host: 'Héberger un salon',
    hostHint: 'Sur cet ordinateur, pour toutes les personnes de votre réseau.',
    title: 'Titre du salon (facultatif)',
    titleHint: 'Le serveur ne le voit jamais.',
    hostOn: 'Héberger sur',
    hostOnHint:
      'Choisissez un réseau (Wi-Fi, câble ou VPN) pour que le salon n’y soit visible et joignable que là.',
    everyNetwork: 'Tous les réseaux',
    oneNetwork: '{name} : {addresses}',
    hostPress: 'Héberger',
    recent: 'Salons récents',
    recentHint:
      'Gardés sur cet appareil seulement : titre, serveur et jour. Jamais le code, ni les personnes présentes.',
    untitled: 'Salon sans titre',
    hostedHere: 'Hébergé ici',
    again: 'Réutiliser',
    againNamed: 'Réutiliser {title}',
    forget: 'Oublier {title}',
    forgetAll: 'Tout oublier',
    theme: 'Apparence',
  },
  entering: {
    hosting: 'Création de votre salon',
    joining: 'Entrée en cours',
    done: 'terminé',
    cancel: 'Annuler',
  },
  room: {
    chosen: 'Entend vos chuchotements',
    whispers: 'Chuchote pour vous',
    whisperedBy: '{name} chuchote pour vous',
    whispering: 'Vous chuchotez à {names}',
    micIsOff: 'Micro éteint',
    deaf: 'N’entend personne',
    deafen: 'N’entendre personne',
    undeafen: 'Entendre de nouveau',
    small: 'Petite fenêtre',
    large: 'Fenêtre habituelle',
    untitled: 'Salon',
    hostedBy: 'Hôte : {name}',
    hostedByYou: 'Vous êtes l’hôte',
    noHost: 'Pas d’hôte pour l’instant',
    locked: 'Verrouillé',
    withPin: 'Code PIN requis',
    open: 'Tous à la fois',
    control: 'Salon',
    people: 'Personnes',
    count: { one: '{n} personne', other: '{n} personnes' },
    unnamed: 'Quelqu’un de nouveau',
    you: 'Vous',
    host: 'Hôte',
    talks: 'Parle',
    invite: 'Inviter',
    settings: 'Réglages',
    leave: 'Quitter',
    free: 'Canal libre',
    freeNobody: 'Canal silencieux',
    takenBy: '{name} parle',
    takenByYou: 'Vous parlez',
    together: 'À l’antenne : {names}',
    openQuiet: 'Personne ne parle',
    heard: 'Entendu par {by} sur {of}',
    verified: 'Vérifié',
    hand: 'Main levée',
    muted: 'Coupé par vous',
    raise: 'Lever la main',
    lower: 'Baisser la main',
    left: 'Encore {n} s',
    limit: 'Temps de parole : {n} s',
    serverGone: 'Plus de serveur',
    mismatch: 'Ne vous fiez pas à ce salon : les clés de {name} ne correspondent pas.',
    micOn: 'Micro activé',
    micOff: 'Micro désactivé',
    micStandby: 'S’ouvre à l’appui',
    micSilent: 'Micro silencieux',
    micFailed: 'Aucun micro',
    turnOn: 'Activer',
    turnOff: 'Désactiver',
    chooseMic: 'Choisir',
  },
  talk: {
    voiceIdle: {
      label: 'Il suffit de parler',
      hint: 'Votre voix ouvre le canal. Maintenir le bouton fonctionne aussi.',
    },
    latched: { label: 'À l’antenne', hint: 'Cela continue. Appuyez de nouveau pour finir.' },
    standby: { label: 'Un instant', hint: 'Continuez à maintenir. Parlez quand « À l’antenne » s’affiche.' },
    near: { label: 'Il faut conclure', hint: 'Dans un instant, votre temps de parole sera écoulé.' },
    openIdle: {
      label: 'Maintenir pour parler',
      hint: 'Tout le monde peut parler à la fois. Maintenez le bouton ou la barre d’espace.',
    },
    openTalking: {
      label: 'À l’antenne',
      hint: 'D’autres peuvent parler aussi. Relâchez quand vous avez fini.',
    },
    openReceiving: {
      label: 'Maintenir pour parler aussi',
      hint: 'Vous entendez {name}. Tout le monde peut parler à la fois.',
    },
    line: '{name} parle. Maintenez le bouton pour attendre votre tour.',
    place: 'Place {n}',
    whispering: {
      label: 'Chuchotement',
      hint: 'Votre voix ne va qu’à {name}. Relâchez quand vous avez fini.',
    },
    whisper: 'Chuchoter',
    whisperHint: 'Maintenez pour chuchoter à {names}.',
    interrupt: 'Interrompre',
    interruptHint: 'Maintenez-le pour parler tout de suite ; la personne qui parle est interrompue.',
  },
  person: {
    block: 'Bloquer {name}',
    blockHint:
      'Après un blocage, rien n’est envoyé à {name} et rien ne vous parvient, jusqu’à ce que vous changiez d’avis ou partiez. L’autre voit que vous ne répondez pas.',
    blockedHint:
      'Rien n’est envoyé à {name} et rien ne vous parvient, jusqu’à ce que vous changiez d’avis ou partiez.',
    unblock: 'Débloquer {name}',
    volume: 'Volume de {name}',
    mute: 'Couper le son de {name}',
    muteHint: 'Sur cet appareil seulement. Cette personne verra qu’une personne de moins l’a entendue.',
    whisper: 'Entend mes chuchotements',
    whisperHint:
      'Maintenez « Chuchoter », ou une touche choisie pour cela. Les autres ne reçoivent rien de votre voix.',
    yes: 'Identité vérifiée : vous avez comparé, et personne ne s’est interposé.',
    no: 'Identité pas encore vérifiée.',
    verify: 'Comparer avec {name}',
    verifyHint: 'Les deux appareils affichent les mêmes sept images si personne ne s’est interposé.',
    verifyBlocked: 'Possible une fois le blocage de {name} levé.',
    verifyLater: 'Possible dès que la connexion avec {name} est établie.',
    handOver: 'Nommer {name} hôte',
    handOverHint:
      'En tant qu’hôte, {name} pourra faire sortir des personnes, verrouiller le salon et créer un nouveau code ; vous ne le pourrez plus.',
    handOverAsk:
      'Vous ne redeviendrez l’hôte que si {name} le décide. Si le serveur fonctionne sur cet ordinateur, gardez l’application ouverte.',
    handOverYes: 'Nommer',
    kick: 'Faire sortir {name}',
    kickHint: 'Une fois dehors, cette personne n’entend plus rien et on ne l’entend plus.',
    kickAsk:
      '{name} sort aussitôt. Toutes les clés changent, et aussi le code et le lien : donnez les nouveaux aux personnes qui doivent encore venir.',
    kickYes: 'Faire sortir',
    cancel: 'Annuler',
  },
  connections: {
    title: 'Connexions',
    people: 'Comment arrivent les voix',
    peopleHint: 'Pendant la dernière seconde où chacun a parlé.',
    nobody: 'Il n’y a personne d’autre ici.',
    unheard: 'Pas encore entendu',
    mouthToEar: 'De la bouche à l’oreille',
    roundTrip: 'Aller et retour',
    jitter: 'Irrégulier de',
    buffer: 'Retenu pendant',
    loss: 'Perdu',
    concealed: 'Comblé',
    bitrate: 'Données de voix',
    keys: 'Clés créées',
    ms: '{n} ms',
    kilobits: '{n} kbit/s',
    addresses: 'Adresses contactées',
    addressesHint:
      'Chaque adresse à laquelle PushTalk a envoyé quelque chose depuis que vous êtes dans ce salon, et pourquoi. Oubliées quand vous partez.',
    none: 'Aucune.',
    gone: 'quelqu’un qui est parti',
    copy: 'Copier un rapport',
    copyHint: 'Les nombres ci-dessus sans noms, codes ni adresses.',
  },
  offered: {
    title: 'Vous avez ouvert une invitation',
    ask: 'Elle mène à un autre salon. Pour la regarder, il faut quitter celui-ci ; personne n’en sait rien tant que vous n’appuyez pas sur Entrer.',
    go: 'Quitter ce salon',
    stay: 'Rester ici',
  },
  first: {
    title: 'Bienvenue dans PushTalk',
    step: 'Étape {n} sur 3',
    next: 'Suivant',
    skip: 'Passer',
    done: 'Terminé',
    back: 'Retour',
    nameHint: 'Vous pouvez en prendre un autre dans chaque salon. Il n’est pas conservé.',
    private:
      'La voix va d’appareil à appareil, scellée par des clés qu’eux seuls possèdent. Rien n’est enregistré, il n’y a pas de compte, et personne ne compte ce que vous faites.',
    sound: 'Entendez-vous, et vous entend-on ?',
    soundHint:
      'Jouez un son d’essai, puis écoutez-vous : trois secondes de votre micro, gardées en mémoire puis oubliées.',
    talk: 'Essayez de parler',
    talkHint:
      'Maintenez le bouton ci-dessous, ou la barre d’espace, comme dans un salon. Rien n’est envoyé maintenant.',
    press: 'Maintenez-moi',
    held: 'C’est cela : maintenant on vous entendrait.',
    worked: 'Cela fonctionne. Relâcher y met fin.',
  },
  control: {
    title: 'Salon',
    door: 'Qui peut entrer',
    doorHint: 'Un changement crée un nouveau code et un nouveau lien. Les personnes présentes restent.',
    pin: 'Code PIN',
    pinHint: 'De 4 à 12 chiffres. Il ne sera plus affiché.',
    pinWrong: 'Saisissez de 4 à 12 chiffres et rien d’autre.',
    apply: 'Appliquer',
    applied: 'C’est fait.',
    mode: 'Qui peut parler',
    limit: 'Temps de parole',
    limitHint: 'Durée maximale pendant laquelle une personne parle sans pause.',
    seconds: { one: '{n} seconde', other: '{n} secondes' },
  },
  compare: {
    title: 'Comparer avec {name}',
    asks: '{name} veut comparer avec vous, pour voir si quelqu’un s’est interposé.',
    begin: 'Comparer',
    later: 'Plus tard',
    waiting: 'En attente de l’appareil de {name}.',
    how: 'Demandez à {name}, en reconnaissant bien sa voix, si son appareil montre la même chose, dans le même ordre.',
    emoji: 'Images',
    numbers: 'Nombres',
    same: 'C’est pareil',
    differ: 'Ça diffère',
    differAsk:
      'Dans ce cas, quelqu’un s’est peut-être interposé. Plus rien n’est envoyé à {name}, vous n’entendez plus rien de sa part, et vous ne pourrez pas parler avant son départ.',
    differYes: 'Oui, ça diffère',
    no: 'Revérifier',
    stop: 'Arrêter la comparaison',
  },
  warnings: {
    region: 'Avertissements',
    hidden: {
      one: 'On vous cache peut-être une personne : d’autres voient {n} personne de plus que vous.',
      other: 'On vous cache peut-être des personnes : d’autres voient {n} personnes de plus que vous.',
    },
    hiddenTodo: 'Dans le doute, ne dites rien et quittez le salon.',
    apart: 'Le son ne passe pas entre {one} et {other}.',
    codeDead:
      'Trop de codes incorrects ont été essayés : le code est désactivé. Le lien fonctionne toujours.',
    allDead: 'Trop de codes PIN incorrects ont été essayés : le code et le lien sont désactivés.',
    newCode: 'Nouveau code',
  },
  spoken: {
    entered: 'Vous êtes dans le salon.',
    latched: 'À l’antenne sans maintenir : appuyez de nouveau pour finir.',
    onAir: 'Vous êtes à l’antenne.',
    talks: '{name} parle.',
    free: 'Canal libre.',
    busy: 'Occupé. {name} parle.',
    came: '{name} est là.',
    went: '{name} n’est plus là.',
    mismatch: 'Les clés de {name} ne correspondent pas. Parole désactivée.',
    offline: 'Personne n’est joignable.',
    near: 'Votre temps de parole s’achève.',
    queued: 'En attente. Place {n}.',
    hand: '{name} lève la main.',
    locked: 'Le salon est verrouillé.',
    withPin: 'Le salon a maintenant un code PIN.',
    unlocked: 'Le salon est ouvert à toute personne ayant le code.',
    radio: 'Maintenant, une seule personne peut parler à la fois.',
    open: 'Maintenant, tout le monde peut parler à la fois.',
    verified: 'L’identité de {name} est vérifiée.',
  },
  invite: {
    title: 'Inviter',
    what: 'Toute personne ayant ce lien ou ce code peut entrer, écouter et parler, jusqu’à ce que le salon soit vide. Ne le donnez qu’aux personnes que vous voulez ici.',
    link: 'Lien',
    linkHint: 'Il contient tout. Envoyez-le par un moyen privé.',
    code: 'Code',
    codeHint: 'À dire de vive voix. D’un autre réseau, il faut aussi l’adresse du serveur.',
    servers: { one: 'Adresse du serveur', other: 'Adresses du serveur' },
    serversHint: 'La première fonctionne en général.',
    servedHere:
      'Le serveur du salon fonctionne sur cet appareil. Quand vous partirez, l’appareil d’une autre personne du salon prendra le relais, avec un nouveau lien.',
    qr: 'Code QR du lien',
    qrHint: 'Scannez-le avec un téléphone ou un appareil photo.',
    copyLink: 'Copier le lien',
    copyCode: 'Copier le code',
    copyServer: 'Copier {server}',
    copy: 'Copier',
    copied: 'Copié',
    selected: 'Sélectionné. Copiez avec Ctrl+C ou ⌘C.',
    serverGone:
      'Le serveur n’est plus là : personne d’autre ne peut entrer. Les personnes présentes dans le salon continuent à se parler.',
    hostHere: 'Héberger ici',
    hostHereHint:
      'Cet appareil devient le serveur du salon, et tout le monde y reçoit un nouveau lien. À faire si l’ancien serveur ne revient pas.',
    whatPin:
      'Toute personne ayant ce lien ou ce code, ainsi que le code PIN, peut entrer, écouter et parler. Transmettez le code PIN par un autre moyen que le lien.',
    codeDead:
      'Trop de codes incorrects ont été essayés : ce code est désactivé. Le lien fonctionne toujours.',
    allDead:
      'Trop de codes PIN incorrects ont été essayés : personne ne peut entrer tant qu’il n’y a pas de nouveau code.',
    newCode: 'Nouveau code',
    newCodeHint: 'Le code et le lien ci-dessus ne fonctionneront plus. Les personnes présentes restent.',
  },
  privacy: {
    export: 'Enregistrer dans un fichier',
    exported: 'Enregistré sous {path}',
    exportFailed: 'L’enregistrement a échoué. Le disque est-il plein ? Vous pouvez copier.',
    title: 'Confidentialité',
    short:
      'Votre voix est pour les personnes de votre salon, et pour personne d’autre. Rien n’est enregistré, et rien n’est collecté sur vous.',
    more: 'Ce que cela veut dire, et ce qui est gardé ici',
    kept: 'Ce qui est gardé sur cet appareil',
    keptHint: 'Tout ce qu’il y a, tel qu’il est écrit dans le fichier.',
    copy: 'Copier',
    erase: 'Tout effacer',
    eraseYes: 'Effacer',
    eraseStay: 'Vous restez dans le salon.',
    eraseAsk:
      'Les réglages, les appareils choisis et la liste des salons récents sont effacés, et tout redevient comme au début.',
  },
  policy: {
    voice: {
      label: 'Votre voix n’est jamais enregistrée',
      hint: 'Elle va de votre appareil droit à ceux des personnes du salon, et disparaît dès qu’elle a été entendue. Elle ne passe jamais par un serveur. « S’écouter » garde quelques secondes en mémoire, puis les efface.',
    },
    sealed: {
      label: 'Seules les personnes du salon peuvent l’ouvrir',
      hint: 'Chaque trame est scellée par AES-256-GCM, avec des clés créées sur les appareils. Aucune clé n’arrive jamais à un serveur.',
    },
    memory: {
      label: 'Noms, codes et adresses ne sont qu’en mémoire',
      hint: 'Et seulement tant que vous êtes dans un salon. Rien n’en est écrit.',
    },
    device: {
      label: 'Ce qui reste sur cet appareil',
      hint: 'Vos réglages, et les titres et serveurs de vos derniers salons, listés ci-dessous. Rien n’en est envoyé.',
    },
    people: {
      label: 'Ce qu’apprennent les personnes d’un salon',
      hint: 'Le nom que vous y choisissez, votre voix quand vous parlez, et l’adresse réseau de votre appareil, puisque vous vous parlez directement.',
    },
    server: {
      label: 'Ce qu’apprend un serveur',
      hint: 'L’adresse d’où vous vous connectez, le numéro du salon, des clés publiques, et des octets scellés jusqu’à ce que vous soyez reliés. Il oublie tout avec le salon.',
    },
    nobody: {
      label: 'Personne d’autre n’est contacté',
      hint: 'Ni compte, ni adresse électronique, ni numéro de téléphone ; ni statistiques, ni pistage, ni localisation, ni publicité. Seulement le serveur et les personnes de votre salon, et votre propre réseau, si vous permettez d’y chercher des salons.',
    },
    microphone: {
      label: 'Le micro est à vous',
      hint: 'Il s’ouvre quand vous l’activez dans un salon, et se ferme quand vous le quittez ou le désactivez. « S’écouter » l’ouvre trois secondes.',
    },
    age: {
      label: 'À partir de 13 ans',
      hint: 'PushTalk s’adresse aux personnes de 13 ans et plus, ou de l’âge à partir duquel votre pays vous laisse y consentir par vous-même.',
    },
    rights: {
      label: 'Vos droits',
      hint: 'Selon des lois comme le RGPD et le CCPA, vous pouvez voir, emporter, corriger et effacer ce qui est gardé de vous, et refuser que ce soit vendu. Tout ce qu’il y a se trouve sur cet appareil : vous pouvez le voir, le copier et l’effacer ici. Personne d’autre n’en garde rien.',
    },
  },
  settings: {
    manners: 'Sur cet ordinateur',
    title: 'Réglages',
    language: 'Langue',
    sound: 'Son',
    microphone: 'Micro',
    loudspeaker: 'Haut-parleur',
    standard: 'Choisi par le système',
    missing: '{device} (introuvable)',
    again: 'Rechercher les appareils',
    play: 'Tester le son',
    hear: 'S’écouter',
    stop: 'Arrêter',
    talking: 'Parole',
    whilePressed: 'Micro ouvert seulement quand vous maintenez le bouton',
    whilePressedHint:
      'Un casque Bluetooth garde ainsi un bon son pendant que vous écoutez. L’ouverture prend un instant, jusqu’à trois secondes en Bluetooth : attendez « À l’antenne » avant de parler, sinon vos premiers mots seront perdus.',
    queueing: 'Attendre son tour',
    queueingHint:
      'Si vous maintenez le bouton pendant que quelqu’un parle, vous parlerez ensuite, au lieu d’apprendre que le canal est occupé.',
    releaseDelay: {
      label: 'Continuer un instant après avoir relâché',
      hint: 'Pour que la dernière syllabe ne soit pas coupée.',
    },
    latch: {
      label: 'Un appui pour parler, un autre pour finir',
      hint: 'Un appui bref maintient le bouton jusqu’au suivant, même quand une autre fenêtre est active.',
    },
    doublePress: {
      label: 'Appuyer deux fois pour maintenir',
      hint: 'Deux appuis brefs de suite maintiennent le bouton jusqu’au suivant.',
    },
    ducking: 'Baisser les voix pendant que vous parlez',
    duckingHint: 'Quand une seule personne parle à la fois.',
    network: 'Réseau',
    nearby: 'Trouver les salons de ce réseau',
    nearbyHint:
      'Et permettre de trouver ceux que vous hébergez. On n’annonce que le début du code et l’endroit où est le salon : aucun nom, et rien sur les personnes présentes.',
    vpn: 'Utiliser les VPN',
    vpnHint:
      'Désactivé : votre voix ne passe ni par les VPN ni par d’autres tunnels. S’il n’y a pas d’autre chemin, personne ne vous entend.',
  },
  keys: {
    title: 'Touches',
    hint: 'Elles fonctionnent pendant qu’un autre programme est actif. Rien de ce que vous tapez n’est gardé : seules ces touches sont comparées.',
    add: 'Ajouter une touche',
    press: 'Appuyez sur la touche voulue',
    stop: 'Un bouton de souris ou de manette convient aussi. Échap arrête.',
    does: 'Rôle de {key}',
    remove: 'Retirer {key}',
    proven: 'Fonctionne dans les autres programmes : elle a été entendue.',
    taken: 'Un autre programme utilise déjà cette touche : les deux réagiront.',
    typed:
      'Elle agira aussi chaque fois que vous l’écrivez : mieux vaut une touche avec Ctrl ou Alt, ou une que vous n’écrivez jamais.',
    socket:
      'D’autres programmes et le bureau peuvent aussi actionner le bouton, par la commande « pushtalk ptt » avec toggle, down, up ou hold.',
    noSocket:
      'Aucun autre programme ne peut actionner le bouton : le système refuse la connexion prévue pour cela.',
    unread:
      'Certaines touches ne sont sur aucun clavier ni aucune souris que PushTalk peut lire. Si les vôtres les ont, la commande ci-dessous permet à PushTalk de les lire, dans un terminal.',
    rightAlt: 'La touche Alt de droite sert à écrire : prenez celle de gauche, ou celle de droite seule.',
    away: 'L’écran était verrouillé, ou une autre personne était là : les touches associées fonctionnent de nouveau dès que vous appuyez sur ce bouton.',
    here: 'Seulement dans cette fenêtre.',
    unproven:
      'Appuyez dessus une fois, avec une autre fenêtre au premier plan, pour prouver qu’elle y fonctionne.',
    trigger: 'Le bureau l’a placée sur : {by}. Le programme au premier plan ne la reçoit plus.',
    noTrigger:
      'Le bureau ne l’a placée sur rien : choisissez-la dans les réglages du bureau. D’ici là, seulement dans cette fenêtre.',
    noGamepads: 'Pas ici : ce système ne laisse PushTalk lire aucune manette. Associez plutôt une touche.',
    raw: {
      label: 'Lire directement claviers et souris',
      hint: 'Pour les touches comme Ctrl seules, les boutons de souris et les bureaux qui ne transmettent pas les touches. Tant qu’une touche est associée, PushTalk lit alors chaque touche de chaque clavier. Il ne fait qu’écouter : les programmes reçoivent tout, et rien n’est gardé. Le système doit l’autoriser une fois.',
    },
    install:
      'Elle installe une règle pour les appareils (udev). Dès lors, chaque programme que vous lancez peut lire toutes les touches, pas seulement PushTalk.',
    command: 'Commande qui l’autorise',
    copyCommand: 'Copier la commande',
    reach: {
      nowhere: 'Seulement dans cette fenêtre : le système refuse.',
      thisWindowAsking:
        'Pour l’instant seulement dans cette fenêtre : la demande est faite au bureau. S’il affiche une question, acceptez.',
      thisWindowDenied:
        'Seulement dans cette fenêtre : le bureau ne l’a pas permis. Pour redemander, retirez la touche et ajoutez-la de nouveau.',
      thisWindowNoPortal:
        'Seulement dans cette fenêtre : ce bureau (Wayland) n’a pas de portail pour les raccourcis. Associez plutôt la commande « pushtalk ptt toggle » dans les réglages du bureau.',
      thisWindowUnreadable:
        'Seulement dans cette fenêtre : PushTalk ne peut lire aucun clavier ni aucune souris avec ces touches. La commande ci-dessous l’autorise, dans un terminal.',
      thisWindowNotAllowed:
        'Uniquement dans cette fenêtre : macOS demande votre accord. Autorisez PushTalk dans Réglages Système, sous Confidentialité et sécurité, Accessibilité, puis relancez-le.',
      thisWindowGone:
        'Seulement dans cette fenêtre : le bureau ne répond plus. La demande est refaite dès qu’il revient.',
      thisWindowBySystem: 'Seulement dans cette fenêtre : il n’y a pas encore d’autre moyen sur ce système.',
      thisWindowRefused: 'Seulement dans cette fenêtre : le système refuse.',
    },
  },
  keyDoes: {
    talk: 'Parler tant qu’elle est maintenue',
    latch: 'Parler jusqu’au prochain appui',
    mute: 'Micro désactivé, puis activé',
    deafen: 'N’entendre personne, puis tout le monde',
    whisper: 'Chuchoter aux personnes choisies, tant que la touche est enfoncée',
    answer:
      'Répondre en chuchotant à la dernière personne qui a chuchoté ou parlé, tant que la touche est enfoncée',
  },
  talkMode: {
    title: 'Ce qui ouvre le canal',
    threshold: 'Volume à partir duquel c’est une voix',
    hint: 'Parlez comme d’habitude : la barre dépasse le repère, et ne l’atteint pas quand vous vous taisez.',
  },
  processing: {
    title: 'Votre voix',
    noiseSuppression: {
      label: 'Moins de bruit',
      hint: 'Les ventilateurs et le souffle sont atténués. On vous entend 7 ms plus tard.',
    },
    gainControl: {
      label: 'Volume régulier',
      hint: 'Une voix faible est renforcée, une voix forte est atténuée.',
    },
    highPass: {
      label: 'Sans grondements',
      hint: 'Les bruits de pas, le vent et les ronflements sont retirés. La réduction du bruit et celle de l’écho le font dans tous les cas.',
    },
    echo: 'Supprimer l’écho du haut-parleur',
  },
  sounds: {
    title: 'Sons',
    hint: 'Personne d’autre ne les entend.',
    volume: 'Volume des sons',
  },
  blocked: {
    windows:
      'Ouvrez Paramètres, Confidentialité et sécurité, Microphone. Activez « Autoriser les applications de bureau à accéder à votre microphone », puis appuyez sur le bouton de parole.',
    macos:
      'Ouvrez Réglages Système, Confidentialité et sécurité, Microphone. Activez PushTalk, relancez l’application, puis appuyez sur le bouton de parole.',
    linux:
      'Le serveur de son le refuse. Si PushTalk fonctionne dans un bac à sable (Flatpak, Snap), autorisez-le à enregistrer le son, puis appuyez sur le bouton de parole.',
    android:
      'Ouvrez Paramètres, Applications, PushTalk, Autorisations. Autorisez le micro, puis appuyez sur le bouton de parole.',
    ios: 'Ouvrez Réglages, PushTalk. Activez le micro, puis appuyez sur le bouton de parole.',
  },
  notices: {
    region: 'Messages',
    dismiss: 'Fermer : {what}',
  },
};
