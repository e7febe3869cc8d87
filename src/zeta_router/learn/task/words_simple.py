"""Words of questions of fact, talk, commands, writing and text work. See `lexicon`."""

from __future__ import annotations

SIMPLE_WORDS: dict[str, str] = {
    "who": """
        who whom whose when where who_s which wer wen wem wessen wann wo woher wohin welche
        welcher welches qui quand où quel quelle quels quelles quién quiénes cuándo dónde cuál
        cuáles chi quando dove quale quali quem onde qual quais wie wanneer waar welk vem när
        var vilken vilket vilka kto kiedy gdzie który która które kim ne_zaman nerede nerededir
        hangi siapa siapakah kapan di_mana dimana ai khi_nào ở_đâu nào nani lini wapi ipi кто
        когда где куда откуда какой какая какое какие чей хто коли де який яка яке які hvem
        hvornår hvor kuka milloin missä kdo kdy kde cine când unde ki mikor hol ποιος πότε πού
    """,
    "what": """
        what what_s what_is what_are what_was what_were what_did what_does what_do what_kind
        what_type what_year what_color what_country what_city what_language what_name what_time
        what_day was was_ist was_sind was_bedeutet wie_heißt wie_heißen que_est qu_est_ce
        c_est_quoi quoi qué qué_es qué_significa cómo_se_llama cosa cos_è che_cosa
        cosa_significa o_que o_que_é o_que_significa como_se_chama wat wat_is wat_zijn
        wat_betekent hoe_heet vad vad_är vad_betyder vad_heter co co_to jaki jaka jakie
        jak_się_nazywa ne nedir ne_demek adı_ne apa apakah apa_itu gì là_gì cái_gì tên_gì nini
        ni_nini что что_такое что_значит как_называется как_зовут что_означает що що_таке
        що_означає як_називається hvad_er hvad mikä mitä co_je ce_este mi_a τι_είναι
    """,
    "fact": """
        capital capital_of population population_of president prime_minister king queen
        birthday born died dead founded founder located located_in official_language currency
        tallest_building highest_mountain largest_country largest_city longest_river country
        countries city cities state meaning_of stand_for stands_for definition define synonym
        synonyms antonym named name_of the_name called known_as famous season episode seasons
        movie movies film films song songs singer sang sing actor actress played_by plays_the
        voice_of band album albums team teams league cup championship won_the winner winners
        award oscar game games match player players coach written_by wrote author_of book_is
        novel_by painted directed director invented inventor discovered discoverer war battle
        empire century dynasty flag ocean river mountain island continent animal animals bird
        flower planet year_did came_out released located_on part_of tv_show series host radio
        theme character_in character_is lyrics_to first_person last_name first_name how_tall_is
        how_big how_old_is how_high religion language spoken speak_in zip_code area_code
        time_zone hauptstadt einwohner präsident bundeskanzler könig geboren gestorben
        gegründet erfunden geschrieben_von liegt_in höchste_berg längste_fluss bedeutung lied
        sänger schauspieler capitale président roi reine né mort fondé inventé écrit_par situé
        signification chanson acteur chanteur capital_de población presidente rey reina nació
        murió fundó inventó escribió pintó significado película canción cantante capitale_del
        capitale_della popolazione presidente_della nato morto fondato inventato scritto
        dipinto significato canzone população presidente_do nasceu morreu descoberto inventou
        escreveu pintou música cantor hoofdstad inwoners koning overleden uitgevonden
        geschreven ligt betekenis zanger huvudstad huvudstaden invånare kung född dog uppfann
        skrev ligger betyder sångare stolica stolicą prezydent król urodził zmarł wynalazł
        napisał leży znaczenie piosenka başkenti nüfusu cumhurbaşkanı kral doğdu öldü icat
        kim_yazdı anlamı şarkı ibu_kota ibukota presiden raja lahir meninggal penemu penulis
        terletak arti lagu thủ_đô dân_số tổng_thống vua sinh mất phát_minh tác_giả nằm_ở nghĩa
        bài_hát mji_mkuu rais mfalme alizaliwa alikufa maana wimbo столица столицей столицу
        насел* презид* король родился родилась умер умерла основ* изобр* написал написала
        находится значение песня песню фильм актёр столиця народився помер написав знаходиться
        пісня
    """,
    "you": """
        you your yours you_re are_you do_you can_you would_you could_you have_you did_you
        you_like your_name your_favorite du dein deine bist_du hast_du kannst_du magst_du ihr
        dir dich tu ton ta tes es_tu as_tu peux_tu vous votre êtes_vous tú tu_nombre eres
        tienes te_gusta puedes usted ti sei hai puoi ti_piace il_tuo la_tua você seu sua você_é
        você_tem você_pode você_gosta je jij jouw ben_je heb_je kun_je hou_je din ditt är_du
        har_du kan_du gillar_du ty twój twoje jesteś masz możesz lubisz sen senin misin mısın
        seviyor_musun kamu anda apakah_kamu bạn của_bạn wewe yako unaweza je_wewe ты тебя тебе
        твой твоя твоё вы ваш ви ти твій тобі
    """,
    "me": """
        i my me mine i_m i_am i_have i_want i_need i_ve i_d i_ll myself we our us ich mein
        meine mir mich wir unser je mon ma mes j_ai je_suis nous notre yo mi mis me_gusta tengo
        quiero soy nosotros io mio mia ho sono noi eu meu minha tenho sou nós ik mijn wij ons
        jag min mitt mina vi ja mój moja mam ben benim aku saya kami tôi của_tôi mimi yangu я
        мой моя мне меня мы мій мені
    """,
    "greet": """
        hi hello hey yo greetings thanks thank thank_you bye goodbye good_morning good_evening
        good_night how_are_you what_s_up nice_to_meet sorry ok okay lol haha please hallo
        guten_tag guten_morgen danke tschüss wie_geht bitte bonjour salut merci bonsoir
        au_revoir ça_va s_il_te s_il_vous hola gracias adiós buenos_días qué_tal cómo_estás
        por_favor ciao grazie buongiorno come_stai per_favore olá oi obrigado obrigada tchau
        bom_dia tudo_bem dank_je hoi goedemorgen hoe_gaat alsjeblieft hej tack hejdå god_morgon
        hur_mår cześć dziękuję dzień_dobry proszę merhaba teşekkür teşekkürler günaydın
        nasılsın lütfen halo terima_kasih selamat_pagi apa_kabar tolong xin_chào cảm_ơn habari
        asante hujambo tafadhali привет здрав* спасибо пожал* как_дела привіт дякую будь_ласка
    """,
    "command": """
        set_a set_an set_my alarm timer remind remind_me reminder playlist play_some play_the
        volume turn_on turn_off turn_up turn_down turn_the call_my text_my call_mom flight
        flights book_a reservation reserve order_a hotel restaurant restaurants weather
        forecast_for temperature_in traffic directions_to nearest near_me shopping_list to_do
        todo_list calendar balance bank account checking savings credit credit_card card bill
        bills pin password transfer pay_my routing insurance income_tax vacation pto payday
        oil_change tire gas mpg recipe recipes cook calories dinner lunch cancel change_the
        change_my update_my add_to what_time translate_to uber order_status lights thermostat
        roll_a flip_a coin_flip whisper repeat_that repeat slower faster louder wecker erinnere
        timer_auf wetter stell_den mach_das météo rappelle réveil allume éteins clima
        recuérdame alarma pon_música tiempo_hace meteo ricordami sveglia accendi lembre
        despertador tempo_hoje weer wekker herinner_me zet_de väder påminn väckarklocka pogoda
        przypomnij budzik hava_durumu hatırlat cuaca ingatkan thời_tiết nhắc_tôi hali_ya_hewa
        погода погоду напомни будильник включи выключи нагадай
    """,
    "creative": """
        poem poems haiku limerick sonnet lyrics_about rhyme story stories short_story tale
        fairy novel fiction character characters dialogue screenplay scene slogan tagline
        blog_post blog essay article paragraph_about tweet caption instagram email e_mail
        letter cover_letter speech toast advertisement ad_copy marketing headline headlines
        press_release newsletter birthday invitation imagine pretend roleplay role_play role_of
        you_are_a you_are_an as_a act_as act_like persona describe write_a_short compose draft
        joke jokes funny humorous song_about monologue diary letter_to wedding
        product_description bio linkedin_post resume_summary announcement conversation kingdom
        wizard pirate dragon magical detective alien witch vampire gedicht geschichte märchen
        brief_an aufsatz stell_dir witz lied_über rede poème histoire conte lettre_à
        imagine_que discours blague poema cuento historia_sobre carta imagina chiste discurso
        poesia storia racconto lettera immagina barzelletta discorso história conto redação
        piada verhaal verhaaltje gedichtje grap brief_aan dikt saga berättelse skämt brev
        wiersz bajkę bajka opowiadanie żart list_do şiir hikaye hikâye masal mektup fıkra şaka
        puisi cerita surat lelucon pantun bài_thơ câu_chuyện bức_thư truyện_cười shairi hadithi
        barua utani стихо* стих рассказ расскажи сказку сказк* письмо сочин* шутку анекдот вірш
        казку оповідання лист_до жарт
    """,
    "edit": """
        translate translation translated summarize summarise summary summarizing tl;dr tldr
        paraphrase rephrase reword rewrite proofread grammar grammatical grammatically spelling
        misspelled shorten simplify_this classify classification categorize category sentiment
        label extract keywords key_points positive negative positive_or bullet_points title_for
        subject_line formal informal tone polite more_polite review reviews review_is sentence
        sentences text this_text following_text following_sentence following_sentences
        following_email following_article following_paragraph article_below passage_below
        dialogue_below one_sentence in_one_sentence a_few_words headline_for fill_in blank
        complete_the_sentence correct_the in_french in_spanish in_german in_italian in_japanese
        in_chinese in_english into_english into_spanish into_french into_german to_french
        to_spanish to_english how_do_you_say same_meaning paraphrases duplicates_of
        mean_the_same answer_the_question context based_on_the question_about_the_text
        summary_of spell übersetze übersetzen zusammenfassung fasse_zusammen fasse formuliere
        umformulieren korrigiere auf_englisch auf_deutsch traduis traduire traduisez résume
        résumer résumé reformule corrige en_anglais en_français traduce traducir tradúceme
        resume resumen resumir reescribe al_inglés en_inglés traduza traduzir resuma reescreva
        corrija para_o_inglês em_inglês traduci tradurre riassumi riscrivi correggi in_inglese
        vertaal vertalen samenvatting vat_samen herschrijf verbeter in_het_engels översätt
        sammanfatta skriv_om rätta till_engelska przetłumacz streść podsumuj przepisz popraw
        na_angielski çevir özetle düzelt ingilizceye terjemahkan ringkas rangkum perbaiki
        ke_bahasa dịch tóm_tắt viết_lại sửa sang_tiếng tafsiri fupisha andika_upya перев*
        резюм* кратко перефр* переск* исправь на_английский перекл* підсум* виправ перепи*
    """,
    "advice": """
        how_do_i how_can_i how_to how_should_i should_i can_i what_should_i tips tip_for advice
        ideas idea suggest suggestion suggestions recommend recommendation recommendations
        best_way ways_to good_way some_ways gift hobbies healthy diet exercise sleep stress
        travel trip visit places_to things_to benefits importance_of role_of habits learn_to
        improve_my tipps ratschlag empfiehl empfehlung vorschläge wie_kann_ich conseils conseil
        recommande idées suggère comment_puis consejos consejo recomienda recomiéndame
        ideas_para sugiere cómo_puedo consigli consiglia idee suggerisci come_posso dicas
        conselho recomende sugira ideias como_posso tips_voor advies raad_aan ideeën hoe_kan_ik
        tips_för råd rekommendera förslag hur_kan_jag porady poleć pomysły jak_mogę öneri öner
        tavsiye fikir nasıl saran rekomendasi rekomendasikan tips_untuk bagaimana_cara
        lời_khuyên gợi_ý làm_sao làm_thế_nào ushauri pendekeza jinsi_ya совет* посов* пореко*
        идеи идею как_мне порад* пораду порекомендуй
    """,
    "listing": """
        list name give give_me list_of name_three name_five name_a name_some tell tell_me
        show_me provide examples example_of examples_of three_examples five_examples
        some_examples generate create brainstorm make_a make_me top_ten top_5 top_10
        different_types types_of kinds_of names_for nenne gib_mir zähle_auf beispiele liste_mir
        donne donne_moi cite citez nomme exemples dame nombra menciona enumera ejemplos elenca
        dammi nomina esempi dê liste cite_três exemplos noem geef_me voorbeelden nämn ge_mig
        exempel podaj wymień przykłady say bana_söyle örnek örnekler sebutkan berikan contoh
        kể_tên cho_tôi liệt_kê ví_dụ taja nipe mifano назови назовите перечи* приведи дай_мне
        дай примеры список_из назви перелічи наведи приклади
    """,
    "social": """
        love hate feel feeling feelings happy sad angry friend friends girlfriend boyfriend
        lonely lol funny humor gossip opinion think believe hope dream soul god emotions
        favorite favourite best worst beautiful boring robot robots computer computers
        artificial machine human humans chat conversation politics sports football soccer
        basketball music food drink eat sex money marry liebe freund gefühl lieblings fußball
        amour ami football_est préféré amor amigo fútbol favorito feliz amore amico calcio
        preferito futebol vriend liefde voetbal kärlek vän fotboll miłość przyjaciel aşk
        arkadaş futbol cinta teman sepak_bola tình_yêu bạn_bè bóng_đá upendo rafiki любовь друг
        друзья футбол чувст* любим* любов улюбл* робот бот
    """,
    "function_word": """
        the a an of to in on at by for with from and or but is are was were be been has have
        had it its this that these those as not no do does did will would can could there here
        they he she his her them their der die das ein eine und oder ist sind von mit auf für
        zu im den dem le la les un une et ou est sont de du des dans pour avec sur au el los
        las unos y o es son del en con por para il lo gli e di che della dei su per os uma é
        são da dos na em com het een zijn van met op voor te ett och är av med på för i w z
        jest są dla bir ve ile için bu dan yang ke dari untuk ini itu và của là trong cho một
        những ya wa kwa ni katika и в на с по для не это из к о та і з це у
    """,
    "letter": """
        b c d e f g h j k l m n p q r s t u v w x y z
    """,
}
"""Group to its words and phrases."""

SIMPLE_SUBSTRINGS: dict[str, str] = {
    "who": """
        谁 什么时候 何时 在哪 哪里 哪个 哪一 哪些 哪位 誰 いつ どこ どの どれ どちら 누구 언제
        어디 어느 어떤 ใคร เมื่อไหร่ เมื่อไร เมื่อใด ที่ไหน ไหน कौन कब कहाँ कहां किस কে_ কখন
        কোথায় কোন ఎవరు ఎప్పుడు ఎక్కడ ఏది من_هو من_هي متى أين أي_من کیست چه_کسی کی_ کجا کدام
        מי_ מתי איפה היכן איזה
    """,
    "what": """
        什么 是什么 叫什么 什么是 甚麼 何ですか とは 何を 何という なに なん 무엇 뭐 무슨 이란
        อะไร คืออะไร क्या क्या_है কী কি ఏమిటి ఏంటి ఏమి ما_هو ما_هي ماذا ما_اسم چیست چه_ מה_ מהו
        מהי
    """,
    "fact": """
        首都 总统 主席 人口 出生 去世 发明 创始 作者是 谁写 位于 国家 城市 历史 电影 歌曲 歌手
        演员 朝代 首相 大統領 生まれ 発明 作者 映画 国 都市 歴史 一番高い山 수도 대통령 인구
        태어 발명 작가 영화 가수 나라 도시 역사 เมืองหลวง ประธานาธิบดี ประชากร เกิด ประดิษฐ์
        ผู้แต่ง ภาพยนตร์ เพลง ประเทศ राजधानी राष्ट्रपति जनसंख्या जन्म आविष्कार लेखक फ़िल्म
        फिल्म देश রাজধানী রাষ্ট্রপতি জনসংখ্যা জন্ম আবিষ্কার লেখক চলচ্চিত্র দেশ రాజధాని అధ్యక్ష
        జనాభా పుట్ట కనిపెట్ట రచయిత సినిమా దేశ عاصمة رئيس عدد_سكان ولد اخترع مؤلف فيلم أغنية
        دولة پایتخت رئیس_جمهور جمعیت متولد اختراع نویسنده فیلم آهنگ کشور בירת נשיא אוכלוסיית
        נולד המציא כתב_את סרט שיר_של מדינה
    """,
    "you": """
        你 您 你是 你的 你喜欢 你会 あなた 君 きみ お前 당신 너 넌 네가 니가 คุณ เธอ आप तुम
        आपका আপনি তুমি আপনার మీరు నువ్వు మీ_ أنت لديك هل_أنت شما تو_ هستی داری את_ אתה שלך אתם
    """,
    "me": """
        我 我们 私 僕 俺 わたし 나는 내가 저는 나의 ฉัน ผม เรา मैं मेरा मेरी मुझे আমি আমার నేను
        నా_ أنا لدي من_هستم مرا אני שלי לי_
    """,
    "greet": """
        你好 谢谢 您好 再见 早上好 请 こんにちは ありがとう おはよう さようなら ください 안녕
        고마워 감사 반가 세요 สวัสดี ขอบคุณ ครับ ค่ะ नमस्ते धन्यवाद कृपया হ্যালো ধন্যবাদ
        নমস্কার దయచేసి నమస్తే ధన్యవాదాలు مرحبا شكرا السلام من_فضلك سلام ممنون لطفا خداحافظ שלום
        תודה בבקשה
    """,
    "command": """
        天气 提醒 闹钟 播放 音量 订 打开 关闭 天気 アラーム 再生 予約 リマインド 날씨 알람 재생
        예약 알려줘 อากาศ ตั้งปลุก เตือน เปิดเพลง मौसम अलार्म याद_दिला আবহাওয়া অ্যালার্ম
        వాతావరణ అలారం الطقس منبه ذكرني شغل هوا زنگ_هشدار یادآوری מזג_האוויר שעון_מעורר תזכיר
    """,
    "creative": """
        诗 故事 作文 文章 邮件 写信 广告 标语 对话 小说 段落 标题 想象 笑话 描述 描写 演讲 文案
        扮演 短文 物語 詩 小説 手紙 メール 記事 俳句 ジョーク スピーチ 시를 이야기 소설 편지
        이메일 글을 농담 연설 กลอน นิทาน เรื่องสั้น จดหมาย อีเมล เรื่องตลก สุนทรพจน์ कविता
        कहानी पत्र चुटकुला ईमेल কবিতা গল্প চিঠি কৌতুক ইমেইল కవిత కథ లేఖ జోక్ قصيدة قصة رسالة
        نكتة خطاب شعر داستان نامه جوک انشا שיר_על סיפור מכתב בדיחה נאום
    """,
    "edit": """
        翻译 总结 摘要 改写 分类 概括 提取 纠正 语法 句子 句 语句 情感 关键词 替换 原文 以下
        给定 短语 单词 词 翻訳 要約 書き換え 文法 訳して 訳し 英語に 분류 번역 요약 고쳐 문법
        문장 영어로 แปล สรุปข้อความ สรุป ไวยากรณ์ ประโยค अनुवाद सारांश व्याकरण वाक्य অনুবাদ
        সারাংশ ব্যাকরণ বাক্য అనువద సారాంశ వాక్య ترجم لخص صحح الجملة ترجمه خلاصه جمله تصحیح תרגם
        תרגמו סכם סכמו משפט_הבא תקן
    """,
    "advice": """
        建议 推荐 如何 怎么 怎样 方法 技巧 好处 おすすめ アドバイス どうすれば どうやって コツ
        추천 조언 방법 어떻게 팁 แนะนำ วิธี เคล็ดลับ ทำอย่างไร सुझाव सलाह कैसे उपाय পরামর্শ
        কীভাবে উপায় సలహా ఎలా చిట్కా نصائح نصيحة كيف اقترح توصیه پیشنهاد چگونه چطور המלץ המליצו
        טיפים איך
    """,
    "listing": """
        列举 列出 给我 举例 给出 几种 提供 三个 五个 例子 生成 想出 挙げて リスト 教えて 例を
        名前を 나열 알려 예를 목록 이름 말해 ยกตัวอย่าง บอก ขอ รายชื่อ बताइए बताओ सूची उदाहरण
        नाम বলুন বলো উদাহরণ নাম చెప్ప ఉదాహరణ పేర్లు اذكر أعطني قائمة_ب مثال نام_ببر بگو
        مثال_بزن ציין תן_לי דוגמאות רשימת
    """,
    "social": """
        爱 喜欢 朋友 感觉 开心 机器人 音乐 足球 好き 友達 愛 ロボット 音楽 サッカー 嬉しい 사랑
        좋아 친구 로봇 음악 축구 기분 รัก ชอบ เพื่อน หุ่นยนต์ ดนตรี ฟุตบอล प्यार दोस्त पसंद
        संगीत ভালোবাস বন্ধু পছন্দ সঙ্গীত ప్రేమ స్నేహి ఇష్ట حب صديق روبوت موسيقى دوست عشق ربات
        موسیقی فوتبال אהבה חבר רובוט מוזיקה כדורגל
    """,
}
"""Group to its substrings, for scripts without spaces."""
